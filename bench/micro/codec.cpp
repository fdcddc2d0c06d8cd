#include <benchmark/benchmark.h>

#include "bench/rig.hpp"
#include "jobs/transition.hpp"
#include "queue/codec.hpp"

namespace jobq {
namespace {

/// A run as the store keeps it, with this many finished attempts.
codec::stored_run stored(std::int64_t attempts) {
  auto made = bench::numbered_run(7, 100);
  for (std::int64_t i = 1; i <= attempts; ++i) {
    attempt one;
    one.number = static_cast<std::uint32_t>(i);
    one.started_at = one.finished_at = made.created_at;
    one.outcome.message = "42 rows looked at, 7 of them written";
    made.attempts.edit().push_back(std::move(one));
  }
  codec::stored_run value;
  value.run = std::move(made);
  return value;
}

void codec_encode_run(benchmark::State& state) {
  const auto value = stored(state.range(0));
  std::size_t bytes = 0;
  for (auto _ : state) {
    const auto text = codec::encode(value);
    bytes += text.size();
    benchmark::DoNotOptimize(text.data());
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(bytes));
}

void codec_decode_run(benchmark::State& state) {
  const auto value = stored(state.range(0));
  const auto text = codec::encode(value);
  for (auto _ : state)
    benchmark::DoNotOptimize(codec::decode_run(value.run.id, text));
  state.SetBytesProcessed(state.iterations()
                          * static_cast<std::int64_t>(text.size()));
}

BENCHMARK(codec_encode_run)->Arg(0)->Arg(1)->Arg(20);
BENCHMARK(codec_decode_run)->Arg(0)->Arg(1)->Arg(20);

} // namespace
} // namespace jobq
