#include <benchmark/benchmark.h>

#include "bench/rig.hpp"
#include "queue/keys.hpp"
#include "queue/ready_window.hpp"

namespace jobq {
namespace {

/// A claim takes the head of the window; meanwhile a run comes at its end. So
/// many wait, in the store and in the window.
void window_claim(benchmark::State& state) {
  const bench::scratch place{std::filesystem::temp_directory_path()};
  const auto db = rocksdb_database::open(place.path() / "store", false).value();
  const auto depth = static_cast<std::uint64_t>(state.range(0));
  const auto key_of = [](std::uint64_t number) {
    return keys::ready(1, bench::numbered_run(number, 0));
  };
  rocksdb::WriteBatch batch;
  for (std::uint64_t i = 0; i < depth; ++i)
    batch.Put(db->handle(family::runs), slice_of(key_of(i)), "");
  if (!db->write(batch, false).ok())
    return state.SkipWithError("the store can't be filled");
  ready_window window{*db, keys::ready_prefix(1), {}};
  auto number = depth;
  for (auto _ : state) {
    state.PauseTiming();
    const auto fresh = key_of(number++);
    batch.Clear();
    batch.Put(db->handle(family::runs), slice_of(fresh), "");
    db->write(batch, false);
    state.ResumeTiming();
    window.insert(fresh, number);
    window.committed(number);
    const auto head = window.head();
    benchmark::DoNotOptimize(head);
    window.pop();
  }
}

// As many rounds for every depth: what was popped stays in the store.
BENCHMARK(window_claim)
    ->RangeMultiplier(10)
    ->Range(100, 100'000)
    ->Iterations(20'000);

} // namespace
} // namespace jobq
