#include "jobs/overlap.hpp"
#include "queue/rocksdb_writer.hpp"

/// What the clock decided: ledger, runs and cursor.
namespace jobq {
namespace {

constexpr const char* replaced = "replaced by a newer tick";

} // namespace

result<reply> rocksdb_writer::carry_out(const command::fire& c) {
  if (auto ok = check_space(); !ok)
    return tl::unexpected{ok.error()};
  reply answer;
  const auto size_before = batch_size();
  for (const auto& decision : c.decisions)
    if (auto ok = decide(decision, c.now, answer); !ok)
      return give_up(ok.error(), size_before);
  return answer;
}

result<void> rocksdb_writer::decide(const tick_decision& decision,
                                    time_point now, reply& answer) {
  auto& owner = job(decision.cursor.job);
  if (owner.cursor && owner.cursor->fingerprint == decision.cursor.fingerprint
      && owner.cursor->position != decision.decided_from) {
    ++answer.count; // decided before
    return {};
  }
  std::map<run_id, std::string> skipped;
  for (const auto& one : decision.firings)
    if (auto ok = fire_one(owner, one, now, skipped, answer); !ok)
      return ok;
  write_others(owner, decision.others, skipped, answer);
  owner.cursor = decision.cursor;
  put(family::meta, keys::cursor(owner.id), codec::encode(decision.cursor));
  return {};
}

result<void> rocksdb_writer::fire_one(job_state& owner, const firing& what,
                                      time_point now,
                                      std::map<run_id, std::string>& skipped,
                                      reply& answer) {
  auto there = exists(what.run.id);
  if (!there)
    return tl::unexpected{there.error()};
  if (*there)
    return {};
  auto verdict
      = decide_overlap(what.overlap, {owner.counters.scheduled_running,
                                      owner.counters.scheduled_waiting});
  auto line = what.tick;
  if (!verdict.enqueue) {
    auto other = name_unfinished(owner);
    if (!other)
      return tl::unexpected{other.error()};
    line.fate = tick_fate::skipped_overlap;
    line.run.reset();
    line.reason = verdict.reason + *other;
    skipped[what.run.id] = line.reason;
    write_tick(owner, std::move(line), answer);
    return {};
  }
  if (verdict.drop_waiting)
    if (auto ok = drop_waiting(owner, now, answer); !ok)
      return ok;
  if (verdict.cancel_running)
    if (auto ok = mark_running(owner, now, answer.to_cancel); !ok)
      return ok;
  if (verdict.terminate_running)
    if (auto ok = mark_running(owner, now, answer.to_terminate); !ok)
      return ok;
  line.run = what.run.id;
  write_tick(owner, std::move(line), answer);
  answer.runs.push_back(std::make_shared<const run>(what.run));
  return add(run{what.run});
}

/// Cancels the job's waiting runs, as many of them as the window holds.
result<void> rocksdb_writer::drop_waiting(job_state& owner, time_point now,
                                          reply& answer) {
  if (auto head = owner.unfinished.head(); !head)
    return tl::unexpected{head.error()};
  auto all = owner.unfinished.keys();
  for (const auto& key : all) {
    auto id = keys::trailing_id(key);
    if (known_.running(id))
      continue;
    auto found = find(id);
    if (!found && found.error().code != errc::not_found)
      note_unread(id, found.error()); // no other's trouble
    if (!found || is_final((*found)->run.state))
      continue;
    if (auto ok = change(*found, event::cancelled{replaced, now}, &answer); !ok)
      return tl::unexpected{ok.error()};
  }
  return {};
}

/// Marks the running ones, so that they stay ended even if their engine dies
/// before it has stopped them.
result<void> rocksdb_writer::mark_running(job_state& owner, time_point now,
                                          std::vector<attempt_id>& to) {
  for (const auto& id : owner.running_scheduled) {
    auto found = find(id);
    if (!found)
      return tl::unexpected{found.error()};
    if (auto ok = change(*found, event::cancelled{replaced, now}, nullptr); !ok)
      return tl::unexpected{ok.error()};
    to.push_back({id, (*found)->run.attempt});
  }
  return {};
}

/// ` (run …)` for the unfinished run that stands in the way, if it is known.
result<std::string> rocksdb_writer::name_unfinished(job_state& owner) {
  if (!owner.running_scheduled.empty())
    return " (run " + owner.running_scheduled.begin()->to_string() + ")";
  auto head = owner.unfinished.head();
  if (!head)
    return tl::unexpected{head.error()};
  if (!*head)
    return std::string{};
  return " (run " + keys::trailing_id(**head).to_string() + ")";
}

void rocksdb_writer::write_others(job_state& owner,
                                  const std::vector<tick>& lines,
                                  const std::map<run_id, std::string>& skipped,
                                  reply& answer) {
  for (auto line : lines) {
    // A run that was not made stands in for nothing.
    if (auto found = line.run ? skipped.find(*line.run) : skipped.end();
        found != skipped.end()) {
      line.fate = tick_fate::skipped_overlap;
      line.run.reset();
      line.reason = found->second;
    }
    write_tick(owner, std::move(line), answer);
  }
}

void rocksdb_writer::write_tick(job_state& owner, tick line, reply& answer) {
  auto key = keys::tick(owner.id, line.nominal_time);
  if (!owner.tick_floor.empty() && key < owner.tick_floor)
    owner.tick_floor = key;
  if (owner.oldest_tick)
    owner.oldest_tick = std::min(*owner.oldest_tick, line.to);
  put(family::history, key, codec::encode(line));
  answer.ticks.push_back(std::move(line));
}

} // namespace jobq
