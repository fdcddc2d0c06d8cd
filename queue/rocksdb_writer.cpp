#include "queue/rocksdb_writer.hpp"

#include <algorithm>

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
      timers_{db, std::string{keys::timer_prefix}, {}}, known_{held_limit},
      runs_{db, family::runs}, writes_{db, view, options_} {
  if (!options_.free_bytes)
    options_.free_bytes
        = [directory = options.directory] { return free_on_disk(directory); };
}

result<commit_report> rocksdb_writer::apply(std::span<any_command> batch,
                                            durability how) {
  return carry_out_all(batch, [&] { return write_batch(how); });
}

result<commit_report> rocksdb_writer::begin(std::span<any_command> batch) {
  return carry_out_all(batch, [&]() -> result<void> {
    close_batch();
    if (batch_.rows.Count() > 0)
      writes_.hand_over(std::move(batch_));
    return {};
  });
}

/// @param write is told when the batch has been built
template <class Write>
result<commit_report>
rocksdb_writer::carry_out_all(std::span<any_command> batch, Write write) {
  if (auto failed = writes_.failure(); failed && !poison_)
    poison_ = failed;
  if (poison_)
    return tl::unexpected{*poison_};
  try {
    // These read rows that are not kept in memory until they are written.
    const bool reads_rows
        = std::any_of(batch.begin(), batch.end(), [](const any_command& one) {
            return std::holds_alternative<command::expire>(one)
                   || std::holds_alternative<command::replay>(one);
          });
    if (reads_rows)
      if (auto ok = writes_.wait(last_batch_); !ok)
        return tl::unexpected{ok.error()};
    begin_batch();
    bring_back();
    commit_report report;
    report.replies.reserve(batch.size());
    for (auto& one : batch)
      report.replies.push_back(
          std::visit([this](auto& c) { return this->carry_out(c); }, one));
    if (half_done_)
      return tl::unexpected{poison(*half_done_)};
    auto can_claim = claimable();
    if (!can_claim)
      return tl::unexpected{poison(can_claim.error())};
    auto due = next_due();
    if (!due)
      return tl::unexpected{poison(due.error())};
    if (auto ok = write(); !ok)
      return tl::unexpected{poison(ok.error())};
    report.number = last_batch_;
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

void rocksdb_writer::begin_batch() {
  settle();
  runs_.rest();
  batch_begun_ = std::chrono::steady_clock::now();
  batch_ = writes_.make();
  batch_.number = last_batch_ + 1;
  chunks_.clear();
  completed_.clear();
  rewritten_.clear();
}

/// Lets go of what was kept because it was not written yet.
void rocksdb_writer::settle() {
  if (unsettled_.empty())
    return;
  const auto written = writes_.written();
  while (!unsettled_.empty() && unsettled_.front().number <= written) {
    const auto batch = std::move(unsettled_.front());
    unsettled_.pop_front();
    known_.settle();
    for (auto* one : batch.jobs) {
      one->parked.committed(written);
      one->unfinished.committed(written);
    }
    for (auto* one : batch.queues)
      one->ready.committed(written);
    if (batch.timers)
      timers_.committed(written);
  }
}

/// Adds the rows that follow from the changes, and what readers will see.
void rocksdb_writer::close_batch() {
  runs_.rest();
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
  write_history();
  write_counters();
  write_marks();
  batch_.shown = changes();
  unsettled mine{batch_.number, std::exchange(touched_jobs_, {}),
                 std::exchange(touched_queues_, {}),
                 std::exchange(timers_touched_, false)};
  for (auto* one : mine.jobs)
    one->touched = one->recounted = false;
  for (auto* one : mine.queues)
    one->touched = one->recounted = false;
  if (batch_.rows.Count() == 0)
    return;
  known_.seal(std::move(sizes));
  unsettled_.push_back(std::move(mine));
  last_batch_ = batch_.number;
}

result<void> rocksdb_writer::write_batch(durability how) {
  close_batch();
  if (batch_.rows.Count() == 0)
    return {};
  return writes_.write(std::move(batch_),
                       how == durability::sync
                           && options_.durability == durability::sync);
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
        if (const auto key = keys::ready(line->id, one.stored->run); key < mark)
          mark = key.view();
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

view_change rocksdb_writer::changes() {
  view_change made;
  made.running = std::exchange(running_changes_, {});
  made.jobs.reserve(touched_jobs_.size());
  for (const auto* one : touched_jobs_)
    made.jobs.push_back({one->id, &one->name, one->counters});
  for (const auto* one : touched_queues_)
    made.queues.emplace_back(one->id, view_of(*one));
  if (timers_touched_)
    made.timers_floor = timers_.floor();
  made.last_sequence = last_sequence_;
  return made;
}

queue_view rocksdb_writer::view_of(const queue_state& line) const {
  queue_view shown;
  shown.name = line.name;
  shown.counters = line.counters;
  shown.floor = line.ready.floor();
  shown.beyond = line.ready.complete() ? std::string{} : line.ready.next();
  // Within a rank the first is the oldest: one look per rank.
  const auto& window = line.ready.keys();
  for (auto it = window.begin(); it != window.end();) {
    auto at = keys::read_time(*it, keys::ready_prefix_size + 1);
    shown.oldest = shown.oldest ? std::min(*shown.oldest, at) : at;
    const auto rank = it->view().substr(0, keys::ready_prefix_size + 1);
    it = window.lower_bound(*short_key::of(keys::end_of(std::string{rank})));
  }
  return shown;
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
