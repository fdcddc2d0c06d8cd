#include "queue/codec.hpp"

#include "queue/codec_words.hpp"

namespace jobq::codec {
namespace {

template <class Field>
void write_counts(const state_counts& from, Field& to) {
  for (auto count : from)
    to.Add(count);
}

template <class Field>
void read_counts(const Field& from, state_counts& to) {
  for (int i = 0; i < from.size() && static_cast<std::size_t>(i) < to.size();
       ++i)
    to[static_cast<std::size_t>(i)] = from.Get(i);
}

} // namespace

std::string encode(const claim_record& value) {
  thread_local record::Claim message; // keeps its memory for the next one
  message.Clear();
  message.set_owner(value.owner);
  message.set_started_at(count_of(value.started_at));
  for (const auto& from : value.members) {
    auto* member = message.add_members();
    const auto id = bytes_of(from.id);
    member->set_id(id.data(), id.size());
    member->set_attempt(from.attempt);
  }
  return message.SerializeAsString();
}

std::optional<claim_record> decode_claim(std::string_view bytes) {
  auto message = parse<record::Claim>(bytes);
  if (!message)
    return std::nullopt;
  claim_record value;
  value.owner = message->owner();
  value.started_at = time_of(message->started_at());
  for (const auto& from : message->members()) {
    auto& member = value.members.emplace_back();
    member.attempt = from.attempt();
    if (!read_id(from.id(), member.id))
      return std::nullopt;
  }
  return value;
}

std::string encode(const chunk& value) {
  thread_local record::Chunk message; // keeps its memory for the next one
  message.Clear();
  for (const auto& from : value) {
    auto* entry = message.add_entries();
    entry->set_sequence(from.sequence);
    const auto id = bytes_of(from.id);
    entry->set_id(id.data(), id.size());
    entry->set_job(from.job);
    entry->set_state(to_record<record::RunState>(from.state));
    entry->set_finished_at(count_of(from.finished_at));
  }
  return message.SerializeAsString();
}

std::optional<chunk> decode_chunk(std::string_view bytes) {
  auto message = parse<record::Chunk>(bytes);
  if (!message)
    return std::nullopt;
  chunk value;
  for (const auto& from : message->entries()) {
    auto& entry = value.emplace_back();
    entry.sequence = from.sequence();
    entry.job = from.job();
    entry.finished_at = time_of(from.finished_at());
    if (!read_id(from.id(), entry.id)
        || !from_record(from.state(), record::RunState_MAX, entry.state))
      return std::nullopt;
  }
  return value;
}

std::string encode(const tick& value) {
  record::Tick message;
  message.set_to(count_of(value.to));
  message.set_count(value.count);
  message.set_fate(to_record<record::TickFate>(value.fate));
  if (value.run)
    message.set_run(std::string{bytes_of(*value.run)});
  message.set_reason(value.reason);
  message.set_waived(value.waived);
  return message.SerializeAsString();
}

std::optional<tick> decode_tick(std::string_view bytes) {
  auto message = parse<record::Tick>(bytes);
  tick value;
  if (!message
      || !from_record(message->fate(), record::TickFate_MAX, value.fate))
    return std::nullopt;
  value.to = time_of(message->to());
  value.count = message->count();
  value.reason = message->reason();
  value.waived = message->waived();
  if (!message->run().empty() && !read_id(message->run(), value.run.emplace()))
    return std::nullopt;
  return value;
}

std::string encode(const job_cursor& value) {
  record::Cursor message;
  message.set_position(count_of(value.position));
  message.set_fingerprint(value.fingerprint);
  message.set_inactive(!value.active);
  message.set_paused(value.paused);
  return message.SerializeAsString();
}

std::optional<job_cursor> decode_cursor(std::string_view bytes) {
  auto message = parse<record::Cursor>(bytes);
  if (!message)
    return std::nullopt;
  job_cursor value;
  value.position = time_of(message->position());
  value.fingerprint = message->fingerprint();
  value.active = !message->inactive();
  value.paused = message->paused();
  return value;
}

std::string encode(const job_switch& value) {
  record::Switch message;
  message.set_enabled(value.enabled);
  message.set_by(value.by);
  message.set_reason(value.reason);
  message.set_at(count_of(value.at));
  return message.SerializeAsString();
}

std::optional<job_switch> decode_switch(std::string_view bytes) {
  auto message = parse<record::Switch>(bytes);
  if (!message)
    return std::nullopt;
  job_switch value;
  value.enabled = message->enabled();
  value.by = message->by();
  value.reason = message->reason();
  value.at = time_of(message->at());
  return value;
}

std::string encode(const job_counters& value) {
  record::JobCounters message;
  write_counts(value.live, *message.mutable_live());
  write_counts(value.finished, *message.mutable_finished());
  message.set_run_count(value.run_count);
  if (value.last_run)
    message.set_last_run(std::string{bytes_of(*value.last_run)});
  if (value.last_started_at)
    message.set_last_started_at(count_of(*value.last_started_at));
  if (value.last_finished_at)
    message.set_last_finished_at(count_of(*value.last_finished_at));
  if (value.last_state)
    message.set_last_state(to_record<record::RunState>(*value.last_state));
  message.set_mean_duration(value.mean_duration);
  message.set_successes(value.successes);
  message.set_scheduled_running(value.scheduled_running);
  message.set_scheduled_waiting(value.scheduled_waiting);
  message.set_claims_below(value.claims_below);
  return message.SerializeAsString();
}

std::optional<job_counters> decode_job_counters(std::string_view bytes) {
  auto message = parse<record::JobCounters>(bytes);
  if (!message)
    return std::nullopt;
  job_counters value;
  read_counts(message->live(), value.live);
  read_counts(message->finished(), value.finished);
  value.run_count = message->run_count();
  if (!message->last_run().empty()
      && !read_id(message->last_run(), value.last_run.emplace()))
    return std::nullopt;
  if (message->has_last_started_at())
    value.last_started_at = time_of(message->last_started_at());
  if (message->has_last_finished_at())
    value.last_finished_at = time_of(message->last_finished_at());
  if (message->last_state() != record::RUN_STATE_NONE
      && !from_record(message->last_state(), record::RunState_MAX,
                      value.last_state.emplace()))
    return std::nullopt;
  value.mean_duration = message->mean_duration();
  value.successes = message->successes();
  value.scheduled_running = message->scheduled_running();
  value.scheduled_waiting = message->scheduled_waiting();
  value.claims_below = message->claims_below();
  return value;
}

std::string encode(const queue_counters& value) {
  record::QueueCounters message;
  write_counts(value.live, *message.mutable_live());
  message.set_claims_below(value.claims_below);
  return message.SerializeAsString();
}

std::optional<queue_counters> decode_queue_counters(std::string_view bytes) {
  auto message = parse<record::QueueCounters>(bytes);
  if (!message)
    return std::nullopt;
  queue_counters value;
  read_counts(message->live(), value.live);
  value.claims_below = message->claims_below();
  return value;
}

std::string encode(const expiry_marks& value) {
  record::ExpiryMarks message;
  auto mark = [&](run_state state) {
    auto found = value.find(state);
    return found == value.end() ? 0 : found->second;
  };
  message.set_completed(mark(run_state::completed));
  message.set_discarded(mark(run_state::discarded));
  message.set_cancelled(mark(run_state::cancelled));
  return message.SerializeAsString();
}

std::optional<expiry_marks> decode_expiry_marks(std::string_view bytes) {
  auto message = parse<record::ExpiryMarks>(bytes);
  if (!message)
    return std::nullopt;
  return expiry_marks{{run_state::completed, message->completed()},
                      {run_state::discarded, message->discarded()},
                      {run_state::cancelled, message->cancelled()}};
}

} // namespace jobq::codec
