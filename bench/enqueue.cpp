#include <atomic>
#include <future>
#include <thread>

#include "bench/measurement.hpp"
#include "bench/progress_bar.hpp"
#include "bench/rig.hpp"

namespace jobq::bench {
namespace {

std::int64_t ticks() {
  return steady::now().time_since_epoch().count();
}

} // namespace

/// Each producer enqueues one run after the other, waiting for each answer.
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
  std::atomic<std::uint64_t> next{0};
  std::atomic<bool> failed{false};
  auto produce = [&] {
    for (auto number = next++; number < made.count; number = next++) {
      measured().done = number;
      command::enqueue one;
      one.runs.push_back(numbered_run(number, what.payload));
      std::promise<void> answered;
      const auto begun = ticks();
      commits.submit(std::move(one), [&](const result<reply>& came) {
        if (!came)
          failed = true;
        answered.set_value();
      });
      answered.get_future().wait();
      latency[number] = ticks() - begun;
    }
  };
  const auto cpu = cpu_time();
  const auto begun = steady::now();
  std::vector<std::thread> producers;
  for (std::uint32_t i = 0; i < what.producers; ++i)
    producers.emplace_back(produce);
  for (auto& one : producers)
    one.join();
  made.took = steady::now() - begun;
  made.cpu = cpu_time() - cpu;
  made.resident = resident_bytes();
  if (failed)
    return fail(errc::internal, "an enqueue was refused");
  for (auto one : latency)
    made.acknowledged.add(one);
  const auto written = std::move((*target)->written);
  target->reset();
  if (auto ok = compare_with_floor(written, place.path() / "floor", made); !ok)
    return tl::unexpected{ok.error()};
  return made;
}

} // namespace jobq::bench
