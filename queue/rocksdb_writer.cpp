#include "queue/rocksdb_writer.hpp"

#include <sys/statvfs.h>

namespace jobq {
namespace {

// A low-water mark is written when this many keys below it have gone.
constexpr std::uint64_t mark_every = 10'000;
constexpr std::size_t max_chunk = 512;
constexpr std::size_t held_limit = 16 << 20;
constexpr auto space_check_period = std::chrono::seconds{1};

std::uint64_t free_on_disk(const std::filesystem::path& directory) {
  struct statvfs info {};
  if (::statvfs(directory.c_str(), &info) != 0)
    return ~std::uint64_t{0}; // unknown: the write itself will tell
  return std::uint64_t{info.f_bavail} * info.f_frsize;
}

} // namespace

rocksdb_writer::rocksdb_writer(rocksdb_database& db, store_view& view,
                               const rocksdb_options& options)
    : db_{db}, view_{view}, options_{options},
      timers_{db, std::string{keys::timer_prefix}, {}}, known_{held_limit} {
  if (!options_.free_bytes)
    options_.free_bytes
        = [directory = options.directory] { return free_on_disk(directory); };
}

result<commit_report> rocksdb_writer::apply(std::span<any_command> batch,
                                            durability how) {
  if (poison_)
    return tl::unexpected{*poison_};
  try {
    begin_batch();
    commit_report report;
    report.replies.reserve(batch.size());
    for (auto& one : batch)
      report.replies.push_back(
          std::visit([this](auto& c) { return carry_out(c); }, one));
    auto can_claim = claimable();
    if (!can_claim)
      return tl::unexpected{poison(can_claim.error())};
    auto due = next_due();
    if (!due)
      return tl::unexpected{poison(due.error())};
    if (auto ok = write_batch(how); !ok)
      return tl::unexpected{poison(ok.error())};
    report.claimable = *can_claim;
    report.next_due = *due;
    return report;
  } catch (const std::exception& e) {
    return tl::unexpected{poison({errc::internal, e.what()})};
  }
}

error rocksdb_writer::poison(error cause) {
  poison_ = store_failure(cause);
  return *poison_;
}

error store_failure(const error& cause) {
  return {errc::store_failed,
          "the store refuses all changes until it is opened again: "
              + cause.message};
}

void rocksdb_writer::begin_batch() {
  batch_begun_ = std::chrono::steady_clock::now();
  batch_.Clear();
  chunks_.clear();
  completed_.clear();
  rewritten_.clear();
  for (auto* one : touched_jobs_)
    one->touched = one->recounted = false;
  touched_jobs_.clear();
  for (auto* one : touched_queues_)
    one->touched = one->recounted = false;
  touched_queues_.clear();
  timers_touched_ = false;
  running_changes_.clear();
}

result<void> rocksdb_writer::write_batch(durability how) {
  std::vector<std::size_t> sizes;
  sizes.reserve(known_.changed().size());
  for (const auto* place : known_.changed()) {
    const auto& [id, one] = *place;
    record_.clear();
    if (one.stored) {
      codec::encode(*one.stored, record_);
      put(family::runs, keys::run(id), record_);
    }
    sizes.push_back(record_.size());
  }
  known_.settle(sizes);
  write_history();
  write_counters();
  write_marks();
  if (batch_.Count() == 0)
    return {};
  if (options_.before_write)
    if (auto ok = options_.before_write(); !ok)
      return ok;
  const bool synced
      = how == durability::sync && options_.durability == durability::sync;
  if (auto status = db_.write(batch_, synced); !status.ok())
    return tl::unexpected{db_.error_of(status)};
  if (options_.after_write)
    options_.after_write(batch_.Data(), synced);
  finish_batch();
  return {};
}

void rocksdb_writer::write_counters() {
  for (auto* one : touched_jobs_)
    if (one->recounted) {
      one->counters.claims_below = last_claim_ + 1;
      put(family::meta, keys::job_counters(one->id),
          codec::encode(one->counters));
    }
  for (auto* one : touched_queues_)
    if (one->recounted) {
      one->counters.claims_below = last_claim_ + 1;
      put(family::meta, keys::queue_counters(one->id),
          codec::encode(one->counters));
    }
}

void rocksdb_writer::finish_batch() {
  for (auto* one : touched_jobs_) {
    one->parked.committed();
    one->unfinished.committed();
  }
  for (auto* one : touched_queues_)
    one->ready.committed();
  if (timers_touched_)
    timers_.committed();
  publish();
}

void rocksdb_writer::write_history() {
  if (completed_.empty())
    return;
  for (std::size_t at = 0; at < completed_.size(); at += max_chunk) {
    auto end = std::min(at + max_chunk, completed_.size());
    codec::chunk piece{completed_.begin() + static_cast<std::ptrdiff_t>(at),
                       completed_.begin() + static_cast<std::ptrdiff_t>(end)};
    auto last = piece.back().sequence;
    put(family::history, keys::chunk(last), codec::encode(piece));
    std::set<keys::name_id> jobs;
    std::set<run_state> states;
    for (const auto& entry : piece) {
      jobs.insert(entry.job);
      if (entry.state != run_state::completed)
        states.insert(entry.state);
    }
    for (auto one : jobs)
      put(family::history, keys::by_job(one, last), std::string{});
    for (auto one : states)
      put(family::history, keys::by_state(one, last), std::string{});
  }
  std::string number;
  keys::put64(number, last_sequence_);
  put(family::meta, std::string{keys::sequence}, number);
}

/// Remembers how far indexes have been emptied at their head, so that the next
/// start does not have to cross what was deleted there.
void rocksdb_writer::write_marks() {
  for (auto* line : touched_queues_) {
    if (line->deletes < mark_every)
      continue;
    auto mark = line->ready.floor();
    for (const auto& [id, one] : known_)
      if (one.running() && one.stored->run.queue == line->name)
        mark = std::min(mark, keys::ready(line->id, one.stored->run));
    line->deletes = 0;
    line->low_water = mark;
    put(family::meta, keys::low_water(keys::ready_prefix(line->id)), mark);
  }
  if (timer_deletes_ >= mark_every) {
    timer_deletes_ = 0;
    timers_low_water_ = timers_.floor();
    put(family::meta, keys::low_water(keys::timer_prefix), timers_low_water_);
  }
  if (last_claim_ - claim_mark_ >= mark_every) {
    claim_mark_ = last_claim_;
    auto lowest = claims_.empty() ? last_claim_ + 1 : claims_.begin()->first;
    put(family::meta, keys::low_water(keys::claim_prefix), keys::claim(lowest));
  }
}

void rocksdb_writer::publish() {
  std::unique_lock lock{view_.mutex};
  for (auto& [id, stored] : running_changes_) {
    if (stored)
      view_.running[id] = std::move(stored);
    else
      view_.running.erase(id);
  }
  for (auto* one : touched_jobs_) {
    auto& [name, counters] = view_.jobs[one->id];
    if (name.empty()) {
      name = one->name;
      view_.job_ids[name] = one->id;
    }
    counters = one->counters;
  }
  for (auto* one : touched_queues_)
    publish_queue(*one);
  if (timers_touched_)
    view_.timers_floor = timers_.floor();
  view_.last_sequence = last_sequence_;
}

void rocksdb_writer::publish_queue(queue_state& line) {
  auto& shown = view_.queues[line.id];
  shown.name = line.name;
  shown.counters = line.counters;
  shown.floor = line.ready.floor();
  shown.beyond = line.ready.complete() ? std::string{} : line.ready.next();
  shown.oldest.reset();
  // Within a rank the first is the oldest: one look per rank.
  const auto& window = line.ready.keys();
  for (auto it = window.begin(); it != window.end();) {
    auto at = keys::read_time(*it, keys::ready_prefix_size + 1);
    shown.oldest = shown.oldest ? std::min(*shown.oldest, at) : at;
    it = window.lower_bound(
        keys::end_of(it->substr(0, keys::ready_prefix_size + 1)));
  }
}

result<bool> rocksdb_writer::claimable() {
  auto best = best_queue();
  if (!best)
    return tl::unexpected{best.error()};
  return *best != nullptr;
}

result<std::optional<time_point>> rocksdb_writer::next_due() {
  auto head = timers_.head();
  if (!head)
    return tl::unexpected{head.error()};
  if (!*head)
    return std::nullopt;
  return keys::timer_time(**head);
}

result<void> rocksdb_writer::check_space() {
  const auto now = batch_begun_;
  if (space_checked_ == std::chrono::steady_clock::time_point{}
      || now - space_checked_ >= space_check_period) {
    free_bytes_ = options_.free_bytes();
    space_checked_ = now;
  }
  if (free_bytes_ >= options_.min_free_bytes)
    return {};
  auto mebibytes = [](std::uint64_t bytes) {
    return std::to_string(bytes >> 20) + " MiB";
  };
  return fail(errc::busy, "store " + options_.directory.string() + ": "
                              + mebibytes(free_bytes_)
                              + " free on its disk, new work needs "
                              + mebibytes(options_.min_free_bytes));
}

} // namespace jobq
