#include <algorithm>
#include <mutex>
#include <unordered_set>

#include "queue/rocksdb_reader.hpp"

/// Listings: bounded walks over the indexes.
namespace jobq {
namespace {

// History is in commit order. An entry's time may lie before its neighbours'
// when clocks were set; beyond a day's difference a look back ends.
constexpr auto clock_slack = std::chrono::days{1};

/// Several lists of sequences, walked as the one list of those in all of them.
class common_chunks {
public:
  common_chunks(const rocksdb_database& db, std::vector<std::string> prefixes,
                std::optional<std::uint64_t> after,
                std::optional<std::uint64_t> before)
      : way_{after ? direction::forward : direction::backward} {
    for (auto& prefix : prefixes) {
      auto from = prefix;
      // A chunk stands under its last sequence.
      keys::put64(from, after ? *after + 1 : 0);
      auto& rows = rows_.emplace_back(std::make_unique<scan>(
          db, family::history, from, keys::end_of(prefix), way_));
      if (!after && before)
        start_before(*rows, prefix, *before);
      prefixes_.push_back(std::move(prefix));
    }
    meet();
  }

  bool valid() const { return rows_.front()->valid() && all_valid_; }

  std::uint64_t last() const {
    return keys::trailing_sequence(rows_.front()->key());
  }

  void next() {
    rows_.front()->next();
    meet();
  }

  result<void> status() const {
    for (const auto& rows : rows_)
      if (auto ok = rows->status(); !ok)
        return ok;
    return {};
  }

private:
  /// The chunk that holds `before` stands at or after it.
  static void start_before(scan& rows, const std::string& prefix,
                           std::uint64_t before) {
    // No chunk holds more than this many entries.
    constexpr std::uint64_t widest = 512;
    auto key = prefix;
    keys::put64(key, before > ~std::uint64_t{0} - widest ? ~std::uint64_t{0}
                                                         : before + widest);
    rows.seek(key);
  }

  /// Moves on to the next sequence that all lists have.
  void meet() {
    for (std::size_t agreed = 0; agreed < rows_.size();) {
      agreed = 0;
      for (const auto& rows : rows_)
        if (!rows->valid()) {
          all_valid_ = false;
          return;
        }
      auto target = last();
      for (const auto& rows : rows_) {
        auto here = keys::trailing_sequence(rows->key());
        target = way_ == direction::forward ? std::max(target, here)
                                            : std::min(target, here);
      }
      for (std::size_t i = 0; i < rows_.size(); ++i) {
        if (keys::trailing_sequence(rows_[i]->key()) == target) {
          ++agreed;
          continue;
        }
        auto key = prefixes_[i];
        keys::put64(key, target);
        rows_[i]->seek(key);
      }
    }
  }

  direction way_;
  bool all_valid_ = true;
  std::vector<std::string> prefixes_;
  std::vector<std::unique_ptr<scan>> rows_;
};

} // namespace

struct rocksdb_reader::listing {
  const run_filter& filter;
  std::optional<keys::name_id> job;
  std::vector<run> runs;
  std::unordered_set<run_id> seen;

  bool full() const { return runs.size() >= filter.limit; }
  bool wants(run_state state) const {
    return !filter.state || *filter.state == state;
  }
  bool wants_job(keys::name_id id) const {
    return filter.job.empty() || job == id;
  }
  void add(run value) {
    if (runs.size() < filter.limit && wants(value.state)
        && seen.insert(value.id).second)
      runs.push_back(std::move(value));
  }
};

result<std::vector<run>>
rocksdb_reader::list_runs(const run_filter& filter) const {
  listing out{filter, job_id(filter.job), {}, {}};
  if (!filter.job.empty() && !out.job)
    return std::vector<run>{};
  if (auto ok = list_live(out); !ok)
    return tl::unexpected{ok.error()};
  if (!filter.state || is_final(*filter.state))
    if (auto ok = list_finished(out); !ok)
      return tl::unexpected{ok.error()};
  return std::move(out.runs);
}

result<void> rocksdb_reader::list_live(listing& out) const {
  std::vector<std::shared_ptr<const codec::stored_run>> running;
  std::vector<std::pair<std::string, std::string>> ready;
  std::string timers;
  {
    std::shared_lock lock{view_.mutex};
    for (const auto& [id, stored] : view_.running)
      running.push_back(stored);
    for (const auto& [id, queue] : view_.queues)
      ready.emplace_back(queue.floor, keys::end_of(keys::ready_prefix(id)));
    timers = view_.timers_floor;
  }
  std::sort(running.begin(), running.end(),
            [](const auto& a, const auto& b) { return a->run.id < b->run.id; });
  std::unordered_set<run_id> busy;
  for (const auto& stored : running) {
    busy.insert(stored->run.id);
    if (out.filter.job.empty() || stored->run.job == out.filter.job)
      out.add(stored->run);
  }
  if (out.wants(run_state::available)) {
    out.seen.merge(busy);
    for (auto& [floor, end] : ready)
      if (auto ok = list_index(out, std::move(floor), end); !ok)
        return ok;
    auto parked = out.job && !out.filter.job.empty()
                      ? keys::parked_prefix(*out.job)
                      : std::string{"p"};
    if (auto ok = list_index(out, parked, keys::end_of(parked)); !ok)
      return ok;
  }
  if (out.wants(run_state::scheduled) || out.wants(run_state::retryable))
    return list_index(out, std::move(timers),
                      keys::end_of(std::string{keys::timer_prefix}));
  return {};
}

result<void> rocksdb_reader::list_index(listing& out, std::string from,
                                        const std::string& end) const {
  if (out.full())
    return {};
  scan rows{db_, family::runs, std::move(from), end};
  for (; rows.valid() && !out.full(); rows.next()) {
    auto brief = keys::decode_brief(rows.value());
    auto id = keys::trailing_id(rows.key());
    if (!out.wants(brief.state) || !out.wants_job(brief.job)
        || out.seen.contains(id))
      continue;
    auto value = stored(id);
    if (value)
      out.add(std::move(value->run));
    else if (value.error().code != errc::not_found)
      return tl::unexpected{value.error()};
  }
  return rows.status();
}

result<void> rocksdb_reader::list_finished(listing& out) const {
  if (out.full())
    return {};
  history_filter filter;
  filter.state = out.filter.state;
  filter.job = out.filter.job;
  return walk_history(
      filter, out.job, [&](const codec::chunk_entry& entry) -> result<bool> {
        auto value = stored(entry.id);
        if (value && value->sequence == entry.sequence
            && is_final(value->run.state))
          out.add(std::move(value->run));
        else if (!value && value.error().code != errc::not_found)
          return tl::unexpected{value.error()};
        return !out.full();
      });
}

result<std::vector<completion>>
rocksdb_reader::list_history(const history_filter& filter) const {
  std::vector<completion> out;
  auto job = job_id(filter.job);
  if (filter.limit == 0 || (!filter.job.empty() && !job))
    return out;
  auto ok = walk_history(
      filter, job, [&](const codec::chunk_entry& entry) -> result<bool> {
        auto value = stored(entry.id);
        // Gone, or retried since: then its later end is the one to tell of.
        if (value && value->sequence == entry.sequence
            && is_final(value->run.state))
          out.push_back({entry.sequence,
                         std::make_shared<const run>(std::move(value->run))});
        else if (!value && value.error().code != errc::not_found)
          return tl::unexpected{value.error()};
        return out.size() < filter.limit;
      });
  if (!ok)
    return tl::unexpected{ok.error()};
  return out;
}

result<void> rocksdb_reader::walk_history(const history_filter& filter,
                                          std::optional<keys::name_id> job,
                                          const visit_entry& visit) const {
  if (filter.state && !is_final(*filter.state))
    return {};
  std::vector<std::string> prefixes;
  if (!filter.job.empty())
    prefixes.push_back(keys::by_job_prefix(*job));
  if (filter.state && *filter.state != run_state::completed)
    prefixes.push_back(keys::by_state_prefix(*filter.state));
  if (prefixes.empty())
    prefixes.emplace_back("h");
  common_chunks chunks{db_, std::move(prefixes), filter.after_sequence,
                       filter.before_sequence};
  for (; chunks.valid(); chunks.next()) {
    auto key = keys::chunk(chunks.last());
    auto bytes = db_.get(family::history, key);
    if (!bytes)
      return tl::unexpected{bytes.error()};
    if (!*bytes)
      continue; // expired since we looked
    auto entries = codec::decode_chunk(**bytes);
    if (!entries)
      return corrupt(key);
    if (!filter.after_sequence)
      std::reverse(entries->begin(), entries->end());
    bool all_old = filter.since.has_value() && !filter.after_sequence;
    for (const auto& entry : *entries) {
      if (filter.since && entry.finished_at >= *filter.since - clock_slack)
        all_old = false;
      if ((filter.after_sequence && entry.sequence <= *filter.after_sequence)
          || (filter.before_sequence
              && entry.sequence >= *filter.before_sequence)
          || (filter.state && entry.state != *filter.state)
          || (!filter.job.empty() && entry.job != *job)
          || (filter.since && entry.finished_at < *filter.since))
        continue;
      auto more = visit(entry);
      if (!more)
        return tl::unexpected{more.error()};
      if (!*more)
        return {};
    }
    if (all_old)
      break;
  }
  return chunks.status();
}

result<std::vector<tick>>
rocksdb_reader::list_ticks(const tick_filter& filter) const {
  std::vector<tick> out;
  for (const auto& [id, name] : job_names())
    if (filter.job.empty() || filter.job == name)
      if (auto ok = ticks_of(id, name, filter, out); !ok)
        return tl::unexpected{ok.error()};
  std::stable_sort(out.begin(), out.end(), [](const auto& a, const auto& b) {
    return a.nominal_time > b.nominal_time;
  });
  if (out.size() > filter.limit)
    out.erase(out.begin() + filter.limit, out.end());
  return out;
}

/// Adds at most `limit` of one job's, newest first.
result<void> rocksdb_reader::ticks_of(keys::name_id job,
                                      const std::string& name,
                                      const tick_filter& filter,
                                      std::vector<tick>& out) const {
  auto prefix = keys::tick_prefix(job);
  const auto end = filter.until ? keys::tick(job, *filter.until) + '\0'
                                : keys::end_of(prefix);
  scan lines{db_, family::history, prefix, end, direction::backward};
  std::size_t found = 0;
  for (std::size_t looks = 0;
       lines.valid() && found < filter.limit && looks < max_looks;
       lines.next(), ++looks) {
    auto line = codec::decode_tick(lines.value());
    if (!line)
      return corrupt(lines.key());
    // A stretch that began earlier may still reach past `since`: no early end.
    if ((filter.since && line->to < *filter.since)
        || (filter.fate && line->fate != *filter.fate))
      continue;
    line->job = name;
    line->nominal_time = keys::read_time(lines.key(), prefix.size());
    out.push_back(std::move(*line));
    ++found;
  }
  return lines.status();
}

} // namespace jobq
