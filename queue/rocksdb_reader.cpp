#include "queue/rocksdb_reader.hpp"

#include <algorithm>
#include <mutex>

/// Single things, and what is kept per job and queue.
namespace jobq {
namespace {

std::map<run_state, std::uint64_t> counts(const codec::state_counts& from) {
  std::map<run_state, std::uint64_t> out;
  for (const auto& [state, word] : run_state_words)
    if (auto count = from[static_cast<std::size_t>(state)]; count > 0)
      out[state] = count;
  return out;
}

} // namespace

result<codec::stored_run> rocksdb_reader::stored(const run_id& id) const {
  // The running ones first: a run that ends between the two looks is then
  // shown as it was just before, never as it was before it began.
  {
    std::shared_lock lock{view_.mutex};
    if (auto found = view_.running.find(id); found != view_.running.end())
      return *found->second;
  }
  auto key = keys::run(id);
  auto bytes = db_.get(family::runs, key);
  if (!bytes)
    return tl::unexpected{bytes.error()};
  if (!*bytes)
    return fail(errc::not_found, "there is no run " + id.to_string());
  auto value = codec::decode_run(id, **bytes);
  if (!value)
    return corrupt(key);
  return std::move(*value);
}

result<run> rocksdb_reader::find_run(const run_id& id) const {
  auto value = stored(id);
  if (!value)
    return tl::unexpected{value.error()};
  return std::move(value->run);
}

std::optional<keys::name_id>
rocksdb_reader::job_id(const std::string& name) const {
  std::shared_lock lock{view_.mutex};
  auto found = view_.job_ids.find(name);
  if (found == view_.job_ids.end())
    return std::nullopt;
  return found->second;
}

std::map<keys::name_id, std::string> rocksdb_reader::job_names() const {
  std::map<keys::name_id, std::string> names;
  std::shared_lock lock{view_.mutex};
  for (const auto& [id, job] : view_.jobs)
    names[id] = job.name;
  return names;
}

result<std::vector<job_cursor>> rocksdb_reader::cursors() const {
  std::vector<job_cursor> out;
  auto names = job_names();
  scan rows{db_, family::meta, "u", "v"};
  for (; rows.valid(); rows.next()) {
    auto value = codec::decode_cursor(rows.value());
    if (!value)
      return corrupt(rows.key());
    value->job = names[keys::read32(rows.key(), 1)];
    out.push_back(std::move(*value));
  }
  if (auto ok = rows.status(); !ok)
    return tl::unexpected{ok.error()};
  return out;
}

result<std::vector<job_switch>> rocksdb_reader::switches() const {
  std::vector<job_switch> out;
  auto names = job_names();
  scan rows{db_, family::meta, "w", "x"};
  for (; rows.valid(); rows.next()) {
    auto value = codec::decode_switch(rows.value());
    if (!value)
      return corrupt(rows.key());
    value->job = names[keys::read32(rows.key(), 1)];
    out.push_back(std::move(*value));
  }
  if (auto ok = rows.status(); !ok)
    return tl::unexpected{ok.error()};
  return out;
}

result<std::string> rocksdb_reader::read_log(const run_id& id,
                                             std::uint32_t attempt) const {
  auto bytes = db_.get(family::runs, keys::log(id, attempt));
  if (!bytes)
    return tl::unexpected{bytes.error()};
  return std::move(*bytes).value_or(std::string{});
}

result<std::vector<job_statistics>> rocksdb_reader::statistics_by_job() const {
  std::vector<job_statistics> out;
  {
    std::shared_lock lock{view_.mutex};
    for (const auto& [id, job] : view_.jobs) {
      const auto& from = job.counters;
      job_statistics one;
      one.job = job.name;
      one.live = counts(from.live);
      one.finished = counts(from.finished);
      one.run_count = from.run_count;
      one.last_run = from.last_run;
      one.last_started_at = from.last_started_at;
      one.last_finished_at = from.last_finished_at;
      one.last_state = from.last_state;
      one.mean_duration
          = milliseconds{static_cast<std::int64_t>(from.mean_duration + 0.5)};
      out.push_back(std::move(one));
    }
  }
  std::sort(out.begin(), out.end(),
            [](const auto& a, const auto& b) { return a.job < b.job; });
  return out;
}

result<store_statistics> rocksdb_reader::statistics() const {
  store_statistics out;
  std::map<keys::name_id, queue_view> queues;
  {
    std::shared_lock lock{view_.mutex};
    queues = view_.queues;
    out.last_sequence = view_.last_sequence;
  }
  for (const auto& [id, queue] : queues) {
    auto at = oldest(id, queue);
    if (!at)
      return tl::unexpected{at.error()};
    out.queues.push_back({queue.name, counts(queue.counters.live), *at});
  }
  std::sort(out.queues.begin(), out.queues.end(),
            [](const auto& a, const auto& b) { return a.queue < b.queue; });
  std::error_code ec;
  for (std::filesystem::directory_iterator it{db_.directory(), ec}, end;
       !ec && it != end; it.increment(ec)) {
    std::error_code gone; // files come and go beside us
    if (auto size = it->file_size(gone); !gone)
      out.disk_bytes += size;
  }
  out.format = keys::format_version;
  return out;
}

/// The oldest of the window, and of the ranks beyond it: one seek per rank.
result<std::optional<time_point>>
rocksdb_reader::oldest(keys::name_id id, const queue_view& queue) const {
  auto found = queue.oldest;
  if (queue.beyond.empty())
    return found;
  scan rows{db_, family::runs, queue.beyond,
            keys::end_of(keys::ready_prefix(id))};
  while (rows.valid()) {
    auto at = keys::read_time(rows.key(), keys::ready_prefix_size + 1);
    found = found ? std::min(*found, at) : at;
    rows.seek(keys::end_of(
        std::string{rows.key().substr(0, keys::ready_prefix_size + 1)}));
  }
  if (auto ok = rows.status(); !ok)
    return tl::unexpected{ok.error()};
  return found;
}

} // namespace jobq
