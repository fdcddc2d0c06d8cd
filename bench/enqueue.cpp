#include <atomic>
#include <condition_variable>
#include <mutex>
#include <utility>
#include <vector>

#include "bench/measurement.hpp"
#include "bench/progress_bar.hpp"
#include "bench/rig.hpp"

namespace jobq::bench {
namespace {

std::int64_t ticks() {
  return steady::now().time_since_epoch().count();
}

/// Which producers have been answered: told by the committer's threads, asked
/// by the one that produces for all of them.
class answered {
public:
  void tell(std::uint32_t producer) {
    bool first = false;
    {
      std::lock_guard lock{mutex_};
      first = waiting_.empty();
      waiting_.push_back(producer);
    }
    if (first)
      changed_.notify_one();
  }

  /// Waits for at least one. Replaces `to`.
  void take(std::vector<std::uint32_t>& to) {
    to.clear();
    std::unique_lock lock{mutex_};
    changed_.wait(lock, [this] { return !waiting_.empty(); });
    to.swap(waiting_);
  }

private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::uint32_t> waiting_;
};

} // namespace

/// Each producer has one run on its way, and enqueues the next when it has been
/// answered. One thread serves all of them: what is measured is the queue, not
/// how fast so many threads can be woken.
result<measurement> enqueue_only(const scenario& what,
                                 const std::string& directory) {
  scratch place{directory};
  rig_options options;
  options.directory = place.path();
  options.durability = what.durability;
  auto target = rig::open(options);
  if (!target)
    return tl::unexpected{target.error()};
  if (auto ok = (*target)->fill(what.depth, what.payload); !ok)
    return tl::unexpected{ok.error()};
  auto& commits = *(*target)->commits;
  measurement made;
  made.what = what;
  made.count = what.count > 0 ? what.count : 3'000 + 1'500 * what.producers;
  std::vector<std::int64_t> latency(made.count);
  measured().total = made.count;
  answered free;
  std::atomic<bool> failed{false};
  const auto submit = [&](std::uint32_t producer, std::uint64_t number) {
    command::enqueue one;
    one.runs.push_back(numbered_run(number, what.payload));
    const auto begun = ticks();
    commits.submit(std::move(one),
                   [&, producer, number, begun](const result<reply>& came) {
                     latency[number] = ticks() - begun;
                     if (!came)
                       failed = true;
                     free.tell(producer);
                   });
  };
  const auto cpu = cpu_time();
  const auto begun = steady::now();
  std::uint64_t next = 0;
  for (std::uint32_t i = 0; i < what.producers && next < made.count; ++i)
    submit(i, next++);
  std::vector<std::uint32_t> ready;
  for (std::uint64_t seen = 0; seen < made.count; seen += ready.size()) {
    free.take(ready);
    for (const auto producer : ready)
      if (next < made.count)
        submit(producer, next++);
    measured().done = next;
  }
  made.took = steady::now() - begun;
  made.cpu = cpu_time() - cpu;
  made.resident = resident_bytes();
  if (failed) {
    target->reset(); // with all whose answers have not come to their end
    return fail(errc::internal, "an enqueue was refused");
  }
  for (auto one : latency)
    made.acknowledged.add(one);
  const auto written = std::move((*target)->written);
  target->reset();
  if (auto ok = compare_with_floor(written, place.path() / "floor", made); !ok)
    return tl::unexpected{ok.error()};
  return made;
}

} // namespace jobq::bench
