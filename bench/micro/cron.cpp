#include <array>

#include <benchmark/benchmark.h>

#include "jobs/cron.hpp"
#include "jobs/zone.hpp"

namespace jobq {
namespace {

/// From a usual expression to one that has to look over years.
constexpr std::array expressions{"* * * * * *", "0 */30 * * * *",
                                 "0 30 2 * * MON-FRI", "0 0 12 29 2 *"};

void next_time(benchmark::State& state, const char* zone_name) {
  const auto* text = expressions[static_cast<std::size_t>(state.range(0))];
  const auto schedule = cron_schedule::parse(text).value();
  const auto zone = time_zone::find(zone_name).value();
  const auto begin = parse_rfc3339("2027-01-01T00:00:00Z").value();
  auto at = begin;
  for (auto _ : state) {
    const auto next = schedule.next(at, zone);
    at = next.value_or(begin);
    benchmark::DoNotOptimize(at);
  }
  state.SetLabel(text);
}

void cron_next(benchmark::State& state) {
  next_time(state, "UTC");
}
void cron_next_zone(benchmark::State& state) {
  next_time(state, "Europe/Berlin");
}

void cron_parse(benchmark::State& state) {
  for (auto _ : state)
    benchmark::DoNotOptimize(cron_schedule::parse("0 30 2 * * MON-FRI"));
}

/// A year of missed ticks of an every-second schedule.
void cron_count_year(benchmark::State& state) {
  const auto schedule = cron_schedule::parse("* * * * * *").value();
  const auto zone = time_zone::find("Europe/Berlin").value();
  const auto begin = parse_rfc3339("2027-01-01T00:00:00Z").value();
  for (auto _ : state)
    benchmark::DoNotOptimize(
        schedule.count(begin, begin + std::chrono::days{365}, zone));
}

BENCHMARK(cron_next)->DenseRange(0, expressions.size() - 1);
BENCHMARK(cron_next_zone)->DenseRange(0, expressions.size() - 1);
BENCHMARK(cron_parse);
BENCHMARK(cron_count_year);

} // namespace
} // namespace jobq
