#include "jobs/simulation.hpp"

#include <gtest/gtest.h>

namespace jobq {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;

// 2027-01-15T00:00:00Z
const time_point t0{milliseconds{1'799'971'200'000}};

job_definition job(const std::string& name, const char* expression) {
  job_definition one;
  one.name = name;
  one.extension = "core";
  one.function = "f";
  one.schedule_text = expression;
  one.schedule = cron_schedule::parse(expression).value();
  return one;
}

configuration config_of(std::vector<job_definition> jobs) {
  configuration config;
  config.jobs = std::move(jobs);
  return config;
}

/// One day of runs that all take the same time.
simulation_request day_of(milliseconds duration) {
  simulation_request asked;
  asked.from = t0;
  asked.to = t0 + days{1};
  asked.other_durations = duration;
  asked.spread = 0;
  return asked;
}

std::uint64_t ticks(const simulated_job& found, tick_fate fate) {
  const auto count = found.ticks.find(fate);
  return count == found.ticks.end() ? 0 : count->second;
}

simulated_job only(const configuration& config,
                   const simulation_request& asked) {
  return simulate(config, asked).jobs.at(0);
}

TEST(simulation, fires_every_tick_of_a_quiet_day) {
  const auto report
      = simulate(config_of({job("a", "0 */10 * * * *")}), day_of(minutes{1}));
  const auto& found = report.jobs[0];
  EXPECT_EQ(ticks(found, tick_fate::fired), 144U);
  EXPECT_EQ(found.runs, 144U);
  // The tick at the very end is still running.
  EXPECT_EQ(found.completed, 143U);
  EXPECT_EQ(found.unfinished, 1U);
  EXPECT_EQ(found.busy, minutes{143});
  EXPECT_EQ(report.running, (peak{1, t0 + minutes{10}}));
  EXPECT_EQ(report.waiting.count, 0U);
}

TEST(simulation, skips_ticks_while_a_run_is_unfinished) {
  const auto found
      = only(config_of({job("a", "0 */10 * * * *")}), day_of(minutes{25}));
  // One of three fires: at 10, 40, 70 minutes and so on.
  EXPECT_EQ(ticks(found, tick_fate::fired), 48U);
  EXPECT_EQ(ticks(found, tick_fate::skipped_overlap), 96U);
}

TEST(simulation, lets_runs_wait_their_turn_under_buffer_all) {
  auto one = job("a", "0 0 * * * *");
  one.overlap_policy = overlap_policy::buffer_all;
  const auto report = simulate(config_of({one}), day_of(hours{2}));
  EXPECT_EQ(ticks(report.jobs[0], tick_fate::fired), 24U);
  EXPECT_EQ(report.jobs[0].running.count, 1U);
  EXPECT_EQ(report.waiting.count, 12U);
  EXPECT_EQ(report.jobs[0].longest_wait, hours{11});
}

TEST(simulation, runs_side_by_side_under_allow_all_as_far_as_workers_go) {
  auto one = job("a", "0 0 * * * *");
  one.overlap_policy = overlap_policy::allow_all;
  auto config = config_of({one});
  config.workers = 3;
  const auto report = simulate(config, day_of(hours{2} + minutes{30}));
  EXPECT_EQ(report.running, (peak{3, t0 + hours{3}}));
  config.workers = 2;
  const auto narrow = simulate(config, day_of(hours{2} + minutes{30}));
  EXPECT_EQ(narrow.running.count, 2U);
  EXPECT_GT(narrow.waiting.count, 2U);
}

TEST(simulation, replaces_runs_under_cancel_other) {
  auto one = job("a", "0 */10 * * * *");
  one.overlap_policy = overlap_policy::cancel_other;
  const auto found = only(config_of({one}), day_of(minutes{15}));
  EXPECT_EQ(ticks(found, tick_fate::fired), 144U);
  EXPECT_EQ(found.cancelled, 143U);
  EXPECT_EQ(found.running.count, 1U);
}

TEST(simulation, makes_up_for_a_downtime_as_catchup_says) {
  auto asked = day_of(minutes{1});
  asked.downtimes = {{t0 + hours{2}, t0 + hours{5}}};
  auto one = job("a", "0 */10 * * * *");
  one.catchup = catchup_policy::latest;
  const auto latest = only(config_of({one}), asked);
  // 02:00 itself comes too late by an instant, 05:00 just in time.
  EXPECT_EQ(ticks(latest, tick_fate::coalesced), 17U);
  EXPECT_EQ(latest.catch_ups, 1U);
  one.catchup = catchup_policy::none;
  const auto none = only(config_of({one}), asked);
  EXPECT_EQ(ticks(none, tick_fate::engine_down), 18U);
  EXPECT_EQ(none.catch_ups, 0U);
  one.catchup = catchup_policy::all;
  one.catchup_limit = 4;
  const auto all = only(config_of({one}), asked);
  EXPECT_EQ(all.catch_ups, 4U);
  EXPECT_EQ(ticks(all, tick_fate::over_limit), 14U);
  for (const auto& found : {latest, none, all}) {
    std::uint64_t total = 0;
    for (const auto& [fate, count] : found.ticks)
      total += count;
    EXPECT_EQ(total, 144U);
  }
}

TEST(simulation, takes_up_again_what_a_downtime_interrupted) {
  auto asked = day_of(minutes{30});
  asked.downtimes = {{t0 + hours{1} + minutes{10}, t0 + hours{3}},
                     {t0 + hours{2}, t0 + hours{4}}};
  const auto found = only(config_of({job("a", "0 0 1 * * *")}), asked);
  EXPECT_EQ(found.interrupted, 1U);
  EXPECT_EQ(found.completed, 1U);
  EXPECT_EQ(found.busy, minutes{10} + minutes{30});
  EXPECT_EQ(found.longest_wait, milliseconds{0});
}

TEST(simulation, retries_what_times_out) {
  auto one = job("a", "0 0 1 * * *");
  one.timeout = minutes{5};
  one.max_attempts = 3;
  one.backoff = {backoff_type::fixed, minutes{1}, 1, days{1}, 0};
  const auto found = only(config_of({one}), day_of(minutes{30}));
  EXPECT_EQ(found.timed_out, 3U);
  EXPECT_EQ(found.discarded, 1U);
  EXPECT_EQ(found.busy, minutes{15});
}

TEST(simulation, gives_up_runs_that_start_too_late) {
  auto slow = job("slow", "0 0 1 * * *");
  slow.priority = 1;
  auto strict = job("strict", "0 0 1 * * *");
  strict.start_deadline = minutes{10};
  auto config = config_of({slow, strict});
  config.workers = 1;
  const auto report = simulate(config, day_of(minutes{30}));
  EXPECT_EQ(report.jobs[0].completed, 1U);
  EXPECT_EQ(report.jobs[1].cancelled, 1U);
}

TEST(simulation, runs_bootstrap_jobs_at_every_start) {
  auto one = job("a", "0 0 0 1 1 *");
  auto config = config_of({one});
  config.bootstrap_jobs = {"a"};
  auto asked = day_of(minutes{1});
  asked.downtimes = {{t0 + hours{1}, t0 + hours{2}}};
  EXPECT_EQ(only(config, asked).completed, 2U);
}

TEST(simulation, tells_ticks_of_jobs_that_are_off) {
  auto one = job("a", "0 0 * * * *");
  one.enabled = false;
  auto config = config_of({one});
  EXPECT_EQ(ticks(only(config, day_of(seconds{1})), tick_fate::disabled), 24U);
  config.enabled = false;
  EXPECT_EQ(ticks(only(config, day_of(seconds{1})), tick_fate::paused), 24U);
}

TEST(simulation, is_the_same_every_time_and_spreads_durations) {
  auto asked = day_of(minutes{10});
  asked.spread = 0.5;
  const auto config = config_of({job("a", "0 */10 * * * *")});
  const auto found = only(config, asked);
  EXPECT_EQ(found, only(config, asked));
  // About half of the runs last longer than until the next tick.
  EXPECT_GT(ticks(found, tick_fate::skipped_overlap), 20U);
  EXPECT_LT(ticks(found, tick_fate::skipped_overlap), 80U);
}

} // namespace
} // namespace jobq
