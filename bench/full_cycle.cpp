#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

#include "bench/closed_loop.hpp"
#include "bench/measurement.hpp"
#include "bench/rig.hpp"

namespace jobq::bench {
namespace {

/// In one listing; a million runs take about 700 MB.
constexpr std::uint32_t most_listed = 1'000'000;

/// What depth costs is told by cycles with so many waiting runs beside it.
constexpr std::uint64_t shallow = 10;

result<measurement> cycles(const scenario& what, const std::string& directory) {
  scratch place{directory};
  rig_options options;
  options.directory = place.path();
  options.durability = what.durability;
  options.capture
      = what.depth == 0; // an empty RocksDB is no match for a full one
  options.workers = std::max(options.workers, what.outstanding);
  auto target = rig::open(options);
  if (!target)
    return tl::unexpected{target.error()};
  if (auto ok = (*target)->fill(what.depth, what.payload); !ok)
    return tl::unexpected{ok.error()};
  if (what.depth > 0) {
    // What is in RocksDB's memory would be flushed while others are measured.
    target->reset();
    target = rig::open(options);
    if (!target)
      return tl::unexpected{target.error()};
    settle();
  }
  if (auto ok = (*target)->start({}, true); !ok)
    return tl::unexpected{ok.error()};
  measurement made;
  made.what = what;
  made.count = what.count > 0 ? what.count : default_cycles(what);
  closed_loop load{**target, what, made.count};
  std::atomic<std::uint64_t> listed{0};
  std::vector<std::jthread> readers;
  for (std::uint32_t i = 0; i < what.readers; ++i)
    readers.emplace_back([&](const std::stop_token& stop) {
      while (!stop.stop_requested())
        if (const auto all = (*target)->store->list_runs(
                {run_state::available, {}, most_listed}))
          listed += all->size();
    });
  const auto cpu = cpu_time();
  const auto begun = steady::now();
  if (auto ok = load.run(); !ok)
    return tl::unexpected{ok.error()};
  made.took = steady::now() - begun;
  made.cpu = cpu_time() - cpu;
  readers.clear();
  if (what.readers > 0)
    made.note = std::to_string(listed) + " runs were listed meanwhile";
  made.resident = resident_bytes();
  load.report(made);
  (*target)->engine->stop();
  const auto written = std::move((*target)->written);
  target->reset();
  if (what.depth > 0)
    return made;
  if (auto ok = compare_with_floor(written, place.path() / "floor", made); !ok)
    return tl::unexpected{ok.error()};
  return made;
}

} // namespace

result<measurement> full_cycle(const scenario& what,
                               const std::string& directory) {
  if (what.depth <= shallow || what.readers > 0)
    return cycles(what, directory);
  auto beside = what;
  beside.depth = shallow;
  const auto before = cycles(beside, directory);
  if (!before)
    return before;
  auto made = cycles(what, directory);
  if (!made)
    return made;
  const auto after = cycles(beside, directory);
  if (!after)
    return after;
  made->shallow_cpu = (before->cpu + after->cpu) / 2;
  return made;
}

} // namespace jobq::bench
