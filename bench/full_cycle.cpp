#include <atomic>
#include <semaphore>
#include <thread>

#include "bench/measurement.hpp"
#include "bench/progress_bar.hpp"
#include "bench/rig.hpp"

namespace jobq::bench {
namespace {

std::int64_t ticks() {
  return steady::now().time_since_epoch().count();
}

/// A closed loop: as many runs as `outstanding` says are on their way at any
/// time; each that ends makes room for the next.
class loop {
public:
  loop(rig& target, const scenario& what, std::uint64_t count)
      : rig_{target}, what_{what}, count_{count}, submitted_(count),
        acknowledged_(count), started_(count), finished_(count) {
    rig_.functions.started = &started_;
  }

  result<void> run() {
    auto feed = rig_.engine->subscribe(0, 2 * what_.outstanding + 1'024);
    feed->next(milliseconds{0});
    if (what_.producers == 1)
      return run_alone(*feed);
    std::vector<std::thread> producers;
    room_.release(what_.outstanding);
    for (std::uint32_t i = 0; i < what_.producers; ++i)
      producers.emplace_back([this] { produce(); });
    auto ended = await_all(*feed, [this] { room_.release(); });
    if (!ended)
      room_.release(static_cast<std::ptrdiff_t>(count_));
    for (auto& one : producers)
      one.join();
    return ended;
  }

  void report(measurement& to) const {
    for (std::uint64_t i = 0; i < count_; ++i) {
      if (finished_[i] == 0) // behind those that waited before
        continue;
      to.acknowledged.add(acknowledged_[i] - submitted_[i]);
      to.started.add(started_[i] - submitted_[i]);
      to.finished.add(finished_[i] - submitted_[i]);
    }
  }

private:
  /// One thread that both submits and hears of the ends.
  result<void> run_alone(completion_feed& feed) {
    for (std::uint32_t i = 0; i < what_.outstanding; ++i)
      submit_next();
    return await_all(feed, [this] { submit_next(); });
  }

  void produce() {
    do
      room_.acquire();
    while (submit_next());
  }

  bool submit_next() {
    const auto number = next_++;
    if (number >= count_)
      return false;
    command::enqueue what;
    what.runs.push_back(numbered_run(number, what_.payload));
    submitted_[number] = ticks();
    rig_.engine->submit(std::move(what),
                        [this, number](const result<reply>& came) {
                          acknowledged_[number] = ticks();
                          if (!came)
                            failed_ = true;
                        });
    return true;
  }

  template <class Ended>
  result<void> await_all(completion_feed& feed, Ended ended) {
    measured().total = count_;
    for (std::uint64_t seen = 0; seen < count_;) {
      auto fresh = feed.next(seconds{10});
      if (!fresh)
        return tl::unexpected{fresh.error()};
      if (fresh->empty() || failed_)
        return fail(errc::internal, "a run was refused or did not end");
      const auto now = ticks();
      for (const auto& one : *fresh) {
        const auto number = number_of(one.run.id);
        if (number < count_) // not one that waited before the measurement
          finished_[number] = now;
        measured().done = ++seen;
        ended();
      }
    }
    return {};
  }

  rig& rig_;
  const scenario& what_;
  const std::uint64_t count_;
  std::vector<std::int64_t> submitted_;
  std::vector<std::int64_t> acknowledged_;
  std::vector<std::int64_t> started_;
  std::vector<std::int64_t> finished_;
  std::atomic<std::uint64_t> next_{0};
  std::atomic<bool> failed_{false};
  std::counting_semaphore<> room_{0};
};

std::uint64_t default_count(const scenario& what) {
  if (what.outstanding >= 1'000)
    return 200'000;
  const bool sync = what.durability == durability::sync;
  return what.outstanding >= 8 ? (sync ? 50'000 : 100'000)
                               : (sync ? 3'000 : 20'000);
}

} // namespace

result<measurement> full_cycle(const scenario& what,
                               const std::string& directory) {
  scratch place{directory};
  rig_options options;
  options.directory = place.path();
  options.durability = what.durability;
  if (what.depth > 0)
    options.workers = 8; // as many busy ones at any depth
  auto target = rig::open(options);
  if (!target)
    return tl::unexpected{target.error()};
  if (auto ok = (*target)->fill(what.depth, what.payload); !ok)
    return tl::unexpected{ok.error()};
  if (auto ok = (*target)->start({}, true); !ok)
    return tl::unexpected{ok.error()};
  measurement made;
  made.what = what;
  made.count = what.count > 0 ? what.count : default_count(what);
  loop load{**target, what, made.count};
  const auto cpu = cpu_time();
  const auto begun = steady::now();
  if (auto ok = load.run(); !ok)
    return tl::unexpected{ok.error()};
  made.took = steady::now() - begun;
  made.cpu = cpu_time() - cpu;
  made.resident = resident_bytes();
  load.report(made);
  (*target)->engine->stop();
  const auto written = std::move((*target)->written);
  target->reset();
  if (auto ok = compare_with_floor(written, place.path() / "floor", made); !ok)
    return tl::unexpected{ok.error()};
  if (what.depth > 0)
    made.floor.reset(); // an empty RocksDB is no match for a full one
  return made;
}

} // namespace jobq::bench
