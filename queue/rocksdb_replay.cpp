#include "queue/rocksdb_writer.hpp"

/// Replaying: lines of the ledger give way to others and to runs.
namespace jobq {

result<reply> rocksdb_writer::carry_out(const command::replay& c) {
  if (auto ok = check_space(); !ok)
    return tl::unexpected{ok.error()};
  // Nothing is changed before what is needed could be read.
  for (const auto& change : c.changes)
    if (auto ok = can_read(change); !ok)
      return tl::unexpected{ok.error()};
  reply answer;
  const auto size_before = batch_size();
  for (const auto& decision : c.decisions)
    if (auto ok = decide(decision, c.now, answer); !ok)
      return give_up(ok.error(), size_before);
  for (const auto& change : c.changes)
    if (auto ok = rewrite(change, c.now, answer); !ok)
      return give_up(ok.error(), size_before);
  return answer;
}

result<void> rocksdb_writer::can_read(const ledger_change& change) {
  auto& owner = job(change.job);
  for (const auto& line : change.before)
    if (auto there = stands(owner, line); !there)
      return tl::unexpected{there.error()};
  for (const auto& one : change.firings)
    if (auto there = exists(one.run.id); !there)
      return tl::unexpected{there.error()};
  if (auto head = owner.unfinished.head(); !head)
    return tl::unexpected{head.error()};
  return {};
}

result<void> rocksdb_writer::rewrite(const ledger_change& change,
                                     time_point now, reply& answer) {
  auto& owner = job(change.job);
  for (const auto& line : change.before) {
    auto there = stands(owner, line);
    if (!there)
      return tl::unexpected{there.error()};
    if (!*there) {
      ++answer.count;
      return {};
    }
  }
  for (const auto& line : change.before) {
    auto key = keys::tick(owner.id, line.nominal_time);
    remove(family::history, key);
    rewritten_.insert(std::move(key));
  }
  std::map<run_id, std::string> skipped;
  for (const auto& one : change.firings) {
    auto there = exists(one.run.id);
    if (!there)
      return tl::unexpected{there.error()};
    // Its line was removed above: it must not be lost with its run there.
    if (*there)
      write_tick(owner, one.tick, answer);
    else if (auto ok = fire_one(owner, one, now, skipped, answer); !ok)
      return ok;
  }
  write_others(owner, change.after, skipped, answer);
  return {};
}

/// Whether the ledger has this very line, and this batch has not replaced it.
result<bool> rocksdb_writer::stands(job_state& owner, const tick& line) {
  auto key = keys::tick(owner.id, line.nominal_time);
  if (rewritten_.contains(key))
    return false;
  auto bytes = db_.get(family::history, key);
  if (!bytes)
    return tl::unexpected{bytes.error()};
  if (!*bytes)
    return false;
  auto stored = codec::decode_tick(**bytes);
  if (!stored)
    return corrupt(key);
  stored->job = line.job;
  stored->nominal_time = line.nominal_time;
  return *stored == line;
}

} // namespace jobq
