#include <benchmark/benchmark.h>

#include "bench/rig.hpp"
#include "jobs/transition.hpp"

namespace jobq {
namespace {

void transition_claimed(benchmark::State& state) {
  const auto waiting = bench::numbered_run(7, 100);
  for (auto _ : state)
    benchmark::DoNotOptimize(
        transition(waiting, event::claimed{waiting.created_at}));
}

void transition_finished(benchmark::State& state) {
  const auto waiting = bench::numbered_run(7, 100);
  const auto running
      = transition(waiting, event::claimed{waiting.created_at}).value();
  attempt end;
  end.number = 1;
  end.started_at = end.finished_at = waiting.created_at;
  for (auto _ : state)
    benchmark::DoNotOptimize(transition(running, event::finished{end}));
}

/// The whole life of a run that succeeds, without copies on its way.
void transition_life(benchmark::State& state) {
  const auto waiting = bench::numbered_run(7, 100);
  attempt end;
  end.number = 1;
  end.started_at = end.finished_at = waiting.created_at;
  for (auto _ : state) {
    auto now = transition(waiting, event::claimed{waiting.created_at});
    now = transition(std::move(*now), event::finished{end});
    benchmark::DoNotOptimize(now);
  }
}

BENCHMARK(transition_claimed);
BENCHMARK(transition_finished);
BENCHMARK(transition_life);

} // namespace
} // namespace jobq
