#include "queue/codec.hpp"

#include <google/protobuf/unknown_field_set.h>

#include "queue/codec_words.hpp"

namespace jobq::codec {
namespace {

// What a record says by leaving them out (records.proto): not to be changed,
// whatever a new run's defaults become.
constexpr std::string_view usual_queue = "default";
constexpr backoff usual_backoff{backoff_type::polynomial, seconds{1}, 4,
                                std::chrono::days{1}, 0.1};

/// A message that is used again keeps the memory of its fields for the next
/// run.
record::Run& spare() {
  thread_local record::Run message;
  return message;
}

/// A record of more bytes leaves none behind. In memory a damaged one may be a
/// hundred times as large.
void tidy(record::Run& message, std::size_t size) {
  constexpr std::size_t large = 16 * 1024;
  if (size > large)
    record::Run{}.Swap(&message);
}

void write(const process_end& from, record::ProcessEnd& to) {
  if (from.exit_code)
    to.set_exit_code(*from.exit_code);
  if (from.signal)
    to.set_signal(*from.signal);
  to.set_peak_memory(from.peak_memory);
  to.set_output(from.output);
}

process_end read(const record::ProcessEnd& from) {
  process_end to;
  if (from.has_exit_code())
    to.exit_code = from.exit_code();
  if (from.has_signal())
    to.signal = from.signal();
  to.peak_memory = from.peak_memory();
  to.output = from.output();
  return to;
}

void write(const attempt& from, record::Attempt& to) {
  to.set_number(from.number);
  to.set_started_at(count_of(from.started_at));
  to.set_finished_at(count_of(from.finished_at));
  const auto& what = from.outcome;
  to.set_kind(to_record<record::OutcomeKind>(what.kind));
  to.set_message(what.message);
  to.set_error(what.error);
  to.set_not_retryable(!what.retryable);
  to.set_snooze(what.snooze.count());
  to.set_items_processed(what.items_processed);
  to.set_items_failed(what.items_failed);
  for (const auto& [name, value] : what.counters) {
    auto* counter = to.add_counters();
    counter->set_name(name);
    counter->set_value(value);
  }
  if (what.process)
    write(*what.process, *to.mutable_process());
}

bool read(const record::Attempt& from, attempt& to) {
  to.number = from.number();
  to.started_at = time_of(from.started_at());
  to.finished_at = time_of(from.finished_at());
  auto& what = to.outcome;
  what.message = from.message();
  what.error = from.error();
  what.retryable = !from.not_retryable();
  what.snooze = milliseconds{from.snooze()};
  what.items_processed = from.items_processed();
  what.items_failed = from.items_failed();
  for (const auto& counter : from.counters())
    what.counters[counter.name()] = counter.value();
  if (from.has_process())
    what.process = read(from.process());
  return from_record(from.kind(), record::OutcomeKind_MAX, what.kind);
}

void write(const backoff& from, record::Backoff& to) {
  to.set_type(to_record<record::BackoffType>(from.type));
  to.set_base(from.base.count());
  to.set_factor(from.factor);
  to.set_max(from.max.count());
  to.set_jitter(from.jitter);
}

bool read(const record::Backoff& from, backoff& to) {
  to.base = milliseconds{from.base()};
  to.factor = from.factor();
  to.max = milliseconds{from.max()};
  to.jitter = from.jitter();
  return from_record(from.type(), record::BackoffType_MAX, to.type);
}

void write(const run& from, record::Run& to) {
  to.set_job(from.job);
  to.set_extension(from.extension);
  to.set_function(from.function);
  to.set_state(to_record<record::RunState>(from.state));
  to.set_trigger(to_record<record::Trigger>(from.trigger));
  if (from.queue != usual_queue)
    to.set_queue(from.queue);
  to.set_priority(from.priority);
  for (const auto& [name, value] : from.parameters) {
    auto* parameter = to.add_parameters();
    parameter->set_name(name);
    parameter->set_value(value);
  }
  to.set_enforce(from.enforce);
  to.set_serial(from.serial);
  if (from.nominal_time)
    to.set_nominal_time(count_of(*from.nominal_time));
  to.set_missed_count(from.missed_count);
  to.set_created_at(count_of(from.created_at));
  to.set_scheduled_at(count_of(from.scheduled_at));
  if (from.started_at)
    to.set_started_at(count_of(*from.started_at));
  if (from.finished_at)
    to.set_finished_at(count_of(*from.finished_at));
  if (from.start_deadline)
    to.set_start_deadline(count_of(*from.start_deadline));
  to.set_attempt(from.attempt);
  to.set_max_attempts(from.max_attempts);
  to.set_failures(from.failures);
  to.set_crashes(from.crashes);
  to.set_max_crashes(from.max_crashes);
  to.set_snoozes(from.snoozes);
  if (from.timeout)
    to.set_timeout(from.timeout->count());
  if (from.backoff != usual_backoff)
    write(from.backoff, *to.mutable_backoff());
  to.set_cancel_requested(from.cancel_requested);
  to.set_reason(from.reason);
  for (const auto& attempt : from.attempts)
    write(attempt, *to.add_attempts());
}

bool read(const record::Run& from, run& to) {
  to.job = from.job();
  to.extension = from.extension();
  to.function = from.function();
  to.queue = from.queue().empty() ? usual_queue : from.queue();
  to.priority = from.priority();
  if (from.parameters_size() > 0) {
    auto& parameters = to.parameters.edit();
    for (const auto& parameter : from.parameters()) // written in their order
      parameters.insert_or_assign(parameters.end(), parameter.name(),
                                  parameter.value());
  }
  to.enforce = from.enforce();
  to.serial = from.serial();
  if (from.has_nominal_time())
    to.nominal_time = time_of(from.nominal_time());
  to.missed_count = from.missed_count();
  to.created_at = time_of(from.created_at());
  to.scheduled_at = time_of(from.scheduled_at());
  if (from.has_started_at())
    to.started_at = time_of(from.started_at());
  if (from.has_finished_at())
    to.finished_at = time_of(from.finished_at());
  if (from.has_start_deadline())
    to.start_deadline = time_of(from.start_deadline());
  to.attempt = from.attempt();
  to.max_attempts = from.max_attempts();
  to.failures = from.failures();
  to.crashes = from.crashes();
  to.max_crashes = from.max_crashes();
  to.snoozes = from.snoozes();
  if (from.has_timeout())
    to.timeout = milliseconds{from.timeout()};
  to.cancel_requested = from.cancel_requested();
  to.reason = from.reason();
  for (const auto& attempt : from.attempts())
    if (!read(attempt, to.attempts.edit().emplace_back()))
      return false;
  to.backoff = usual_backoff;
  return from_record(from.state(), record::RunState_MAX, to.state)
         && from_record(from.trigger(), record::Trigger_MAX, to.trigger)
         && (!from.has_backoff() || read(from.backoff(), to.backoff));
}

} // namespace

void encode(const stored_run& value, std::string& to) {
  auto& message = spare();
  message.Clear();
  write(value.run, message);
  message.set_sequence(value.sequence);
  message.set_has_logs(value.has_logs);
  message.SerializeToString(&to);
  tidy(message, to.size());
  to += value.unknown;
}

bool decode_run(const run_id& id, std::string_view bytes, stored_run& to) {
  auto& message = spare();
  to.run.id = id;
  const bool whole = parse(bytes, message) && read(message, to.run);
  if (whole) {
    to.sequence = message.sequence();
    to.has_logs = message.has_logs();
    const auto& unknown
        = record::Run::GetReflection()->GetUnknownFields(message);
    if (!unknown.empty())
      unknown.SerializeToString(&to.unknown);
  }
  tidy(message, bytes.size());
  return whole;
}

std::optional<stored_run> decode_run(const run_id& id, std::string_view bytes) {
  std::optional<stored_run> value{std::in_place};
  if (!decode_run(id, bytes, *value))
    value.reset();
  return value;
}

} // namespace jobq::codec
