#include <algorithm>

#include "queue/rocksdb_writer.hpp"

/// Bounded deletion of what retention no longer keeps. Each state has a mark,
/// the sequence up to which its runs are gone, so that no look starts over.
namespace jobq {
namespace {

/// So many chunks and jobs are looked at in one go: commits wait meanwhile.
constexpr std::uint64_t most_looks = 1'000;

} // namespace

result<reply> rocksdb_writer::carry_out(const command::expire& c) {
  reply answer;
  auto left = std::uint64_t{c.limit};
  auto looks = most_looks;
  const auto marks = expiry_;
  const std::pair<run_state, milliseconds> ages[]
      = {{run_state::completed, c.keep.completed},
         {run_state::cancelled, c.keep.cancelled},
         {run_state::discarded, c.keep.discarded}};
  for (auto [state, age] : ages) {
    auto gone = expire_runs(state, c.now - age, left, looks);
    if (!gone)
      return tl::unexpected{gone.error()};
    left -= *gone;
  }
  auto runs = c.limit - left;
  auto ticks = expire_ticks(c.now - c.keep.ticks, c.limit, looks);
  if (!ticks)
    return tl::unexpected{ticks.error()};
  if (expiry_ != marks)
    put(family::meta, std::string{keys::expiry}, codec::encode(expiry_));
  answer.unread = std::exchange(unread_, {});
  // Equal to the limit: ask again.
  answer.count = looks == 0
                     ? c.limit
                     : std::min<std::uint64_t>(std::max(runs, *ticks), c.limit);
  return answer;
}

result<std::uint64_t> rocksdb_writer::expire_runs(run_state state,
                                                  time_point before,
                                                  std::uint64_t limit,
                                                  std::uint64_t& looks) {
  std::uint64_t count = 0;
  auto prefix = state == run_state::completed ? std::string{"h"}
                                              : keys::by_state_prefix(state);
  auto from = prefix;
  keys::put64(from, expiry_[state] + 1);
  scan rows{db_, family::history, from, keys::end_of(prefix)};
  for (; rows.valid() && count < limit && looks > 0; rows.next(), --looks) {
    auto last = keys::trailing_sequence(rows.key());
    auto done = expire_chunk(keys::chunk(last), state, before, limit, count);
    if (!done)
      return tl::unexpected{done.error()};
    if (!*done)
      break;
    expiry_[state] = last;
  }
  if (auto ok = rows.status(); !ok)
    return tl::unexpected{ok.error()};
  return count;
}

/// @returns whether no run of that state is left in the chunk
result<bool> rocksdb_writer::expire_chunk(const std::string& key,
                                          run_state state, time_point before,
                                          std::uint64_t limit,
                                          std::uint64_t& count) {
  codec::chunk old;
  if (auto known = chunks_.find(key); known != chunks_.end()) {
    old = known->second;
  } else {
    auto bytes = db_.get(family::history, key);
    if (!bytes)
      return tl::unexpected{bytes.error()};
    if (!*bytes)
      return true;
    auto decoded = codec::decode_chunk(**bytes);
    if (!decoded)
      return corrupt(key);
    old = std::move(*decoded);
  }
  codec::chunk kept;
  bool none_left = true;
  for (const auto& entry : old) {
    if (entry.state == state && entry.finished_at < before && count < limit) {
      if (auto ok = erase_run(entry); !ok)
        return tl::unexpected{ok.error()};
      ++count;
      continue;
    }
    none_left = none_left && entry.state != state;
    kept.push_back(entry);
  }
  if (kept.size() != old.size()) {
    write_chunk(key, old, kept);
    chunks_[key] = std::move(kept);
  }
  return none_left;
}

void rocksdb_writer::write_chunk(const std::string& key,
                                 const codec::chunk& before,
                                 const codec::chunk& after) {
  auto last = keys::trailing_sequence(key);
  if (after.empty())
    remove(family::history, key);
  else
    put(family::history, key, codec::encode(after));
  auto holds = [&](auto matches) {
    return std::any_of(after.begin(), after.end(), matches);
  };
  std::set<keys::name_id> jobs;
  std::set<run_state> states;
  for (const auto& entry : before) {
    if (jobs.insert(entry.job).second
        && !holds([&](const auto& e) { return e.job == entry.job; }))
      remove(family::history, keys::by_job(entry.job, last));
    if (states.insert(entry.state).second
        && !holds([&](const auto& e) { return e.state == entry.state; }))
      remove(family::history, keys::by_state(entry.state, last));
  }
}

result<void> rocksdb_writer::erase_run(const codec::chunk_entry& entry) {
  auto found = find(entry.id);
  if (!found)
    return found.error().code == errc::io
               ? result<void>{tl::unexpected{found.error()}}
               : result<void>{};
  // A run that was retried lives on, or has a later line of its own.
  if ((*found)->sequence != entry.sequence || !is_final((*found)->run.state))
    return {};
  remove(family::runs, keys::run(entry.id));
  if ((*found)->has_logs) {
    auto prefix = keys::log_prefix(entry.id);
    scan logs{db_, family::runs, prefix, keys::end_of(prefix)};
    for (; logs.valid(); logs.next())
      remove(family::runs, std::string{logs.key()});
  }
  known_.change(entry.id, nullptr);
  return {};
}

result<std::uint64_t> rocksdb_writer::expire_ticks(time_point before,
                                                   std::uint64_t limit,
                                                   std::uint64_t& looks) {
  std::uint64_t count = 0;
  for (auto& [id, owner] : jobs_by_id_) {
    if (owner->oldest_tick && *owner->oldest_tick >= before)
      continue;
    if (looks == 0 || count == limit)
      break;
    --looks;
    auto oldest = time_point::max();
    auto prefix = keys::tick_prefix(id);
    auto& floor = owner->tick_floor;
    if (floor.empty())
      floor = prefix;
    scan lines{db_, family::history, floor, keys::end_of(prefix)};
    for (; lines.valid() && count < limit; lines.next()) {
      auto line = codec::decode_tick(lines.value());
      const auto end
          = line ? line->to : keys::read_time(lines.key(), prefix.size());
      if (end >= before) {
        oldest = end;
        break;
      }
      floor = lines.key();
      floor += '\0';
      remove(family::history, std::string{lines.key()});
      ++count;
    }
    if (auto ok = lines.status(); !ok)
      return tl::unexpected{ok.error()};
    if (count < limit)
      owner->oldest_tick = oldest;
  }
  return count;
}

} // namespace jobq
