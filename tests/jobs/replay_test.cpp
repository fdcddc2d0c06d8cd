#include "jobs/replay.hpp"

#include <gtest/gtest.h>

namespace jobq {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;

// 2027-01-15T08:00:00Z
const time_point t0{milliseconds{1'800'000'000'000}};

job_definition hourly() {
  job_definition one;
  one.name = "a";
  one.extension = "core";
  one.function = "f";
  one.schedule_text = "0 0 * * * *";
  one.schedule = cron_schedule::parse(one.schedule_text).value();
  return one;
}

/// The ticks from hour `first` to hour `last` after t0 as one line.
tick line(int first, int last, tick_fate fate = tick_fate::engine_down) {
  tick made;
  made.job = "a";
  made.nominal_time = t0 + hours{first};
  made.to = t0 + hours{last};
  made.count = static_cast<std::uint64_t>(last - first + 1);
  made.fate = fate;
  made.reason = "before";
  return made;
}

tick fired(int hour) {
  auto made = line(hour, hour, tick_fate::fired);
  made.run = run_id::of_tick("a", made.nominal_time);
  return made;
}

replay_request range(int first, int last) {
  replay_request asked;
  asked.from = t0 + hours{first};
  asked.to = t0 + hours{last};
  asked.by = "ann";
  return asked;
}

std::uint64_t ticks_in(const std::vector<tick>& lines) {
  std::uint64_t total = 0;
  for (const auto& one : lines)
    total += one.count;
  return total;
}

/// A change stands for the very ticks that it replaces.
void expect_same_ticks(const replay_plan& plan) {
  EXPECT_EQ(ticks_in(plan.change.before),
            ticks_in(plan.change.after) + plan.change.firings.size());
}

TEST(plan_replay, by_policy_runs_nothing_for_a_job_that_makes_nothing_up) {
  auto job = hourly();
  job.catchup = catchup_policy::none;
  const auto plan = plan_replay(job, {line(1, 5)}, {}, {}, t0 + hours{6});
  EXPECT_EQ(plan.missed, 5U);
  EXPECT_EQ(plan.first_missed, t0 + hours{1});
  EXPECT_EQ(plan.last_missed, t0 + hours{5});
  EXPECT_EQ(plan.runs, 0U);
  EXPECT_TRUE(plan.change.empty());
}

TEST(plan_replay, by_policy_latest_makes_one_run_within_the_window) {
  auto job = hourly();
  job.catchup_window = hours{4};
  const auto plan = plan_replay(job, {line(1, 5), line(7, 8)}, {}, {},
                                t0 + hours{8} + minutes{30});
  EXPECT_EQ(plan.missed, 7U);
  ASSERT_EQ(plan.change.firings.size(), 1U);
  const auto& one = plan.change.firings[0];
  EXPECT_EQ(one.tick.nominal_time, t0 + hours{8});
  EXPECT_EQ(one.run.trigger, trigger::replay);
  EXPECT_EQ(one.run.missed_count, 3U); // 5, 7 and 8
  EXPECT_EQ(one.run.id, run_id::of_tick("a", t0 + hours{8}));
  expect_same_ticks(plan);
  for (const auto& rest : plan.change.after)
    EXPECT_EQ(rest.fate, rest.nominal_time <= t0 + hours{4}
                             ? tick_fate::engine_down
                             : tick_fate::coalesced);
}

TEST(plan_replay, by_policy_earliest_carries_the_first_within_the_window) {
  auto job = hourly();
  job.catchup = catchup_policy::earliest;
  const auto plan = plan_replay(job, {line(1, 5)}, {}, {}, t0 + hours{6});
  ASSERT_EQ(plan.change.firings.size(), 1U);
  EXPECT_EQ(plan.change.firings[0].tick.nominal_time, t0 + hours{1});
  expect_same_ticks(plan);
}

TEST(plan_replay, a_range_means_its_ticks_whatever_the_policy) {
  auto job = hourly();
  job.catchup = catchup_policy::none;
  const auto plan
      = plan_replay(job, {line(1, 9)}, {}, range(3, 5), t0 + days{20});
  EXPECT_EQ(plan.missed, 3U);
  ASSERT_EQ(plan.change.firings.size(), 3U);
  for (int i = 0; i < 3; ++i) {
    const auto& one = plan.change.firings[static_cast<std::size_t>(i)];
    EXPECT_EQ(one.tick.nominal_time, t0 + hours{3 + i});
    EXPECT_EQ(one.tick.reason, "replayed by ann");
    EXPECT_EQ(one.overlap, overlap_policy::allow_all);
    EXPECT_TRUE(one.run.serial);
  }
  ASSERT_EQ(plan.change.after.size(), 2U);
  EXPECT_EQ(plan.change.after[0].to, t0 + hours{2});
  EXPECT_EQ(plan.change.after[1].nominal_time, t0 + hours{6});
  EXPECT_EQ(plan.change.after[1].count, 4U);
  EXPECT_EQ(plan.change.after[1].reason, "before");
  expect_same_ticks(plan);
}

TEST(plan_replay, a_limit_takes_the_newest) {
  auto asked = range(0, 100);
  asked.limit = 4;
  const auto plan = plan_replay(hourly(), {line(8, 10), line(1, 5)}, {}, asked,
                                t0 + days{20});
  ASSERT_EQ(plan.change.firings.size(), 4U);
  EXPECT_EQ(plan.missed, 8U);
  expect_same_ticks(plan);
  std::vector<time_point> nominal;
  for (const auto& one : plan.change.firings)
    nominal.push_back(one.tick.nominal_time);
  EXPECT_EQ(nominal, (std::vector{t0 + hours{5}, t0 + hours{8}, t0 + hours{9},
                                  t0 + hours{10}}));
}

TEST(plan_replay, what_ran_is_repeated_only_when_asked_and_under_a_new_id) {
  auto asked = range(1, 3);
  auto plan = plan_replay(hourly(), {fired(1), fired(2)}, {}, asked, t0);
  EXPECT_EQ(plan.ran, 2U);
  EXPECT_EQ(plan.runs, 0U);
  asked.again = true;
  plan = plan_replay(hourly(), {fired(1), fired(2)}, {}, asked, t0);
  ASSERT_EQ(plan.change.firings.size(), 2U);
  EXPECT_NE(plan.change.firings[0].run.id, fired(1).run);
  const auto same
      = plan_replay(hourly(), {fired(1), fired(2)}, {}, asked, t0 + hours{1});
  EXPECT_EQ(plan.change.firings[0].run.id, same.change.firings[0].run.id);
  expect_same_ticks(plan);
}

TEST(plan_replay, leaves_paused_and_disabled_stretches_and_gaps_alone) {
  auto asked = range(0, 100);
  asked.again = true;
  const auto plan = plan_replay(hourly(),
                                {line(1, 2, tick_fate::paused),
                                 line(3, 4, tick_fate::disabled),
                                 line(5, 5, tick_fate::dst_gap)},
                                {}, asked, t0 + days{1});
  EXPECT_EQ(plan.missed, 0U);
  EXPECT_EQ(plan.runs, 0U);
}

TEST(plan_replay, cannot_tell_the_ticks_of_an_earlier_schedule_apart) {
  auto odd = line(1, 5);
  odd.count = 11;
  const auto plan
      = plan_replay(hourly(), {odd, line(7, 7)}, {}, range(0, 9), t0);
  EXPECT_EQ(plan.foreign, 11U);
  EXPECT_EQ(plan.runs, 1U);
}

TEST(plan_replay, an_overlap_policy_may_be_chosen) {
  auto asked = range(1, 2);
  asked.overlap = overlap_policy::allow_all;
  const auto plan = plan_replay(hourly(), {line(1, 2)}, {}, asked, t0);
  ASSERT_EQ(plan.change.firings.size(), 2U);
  EXPECT_EQ(plan.change.firings[0].overlap, overlap_policy::allow_all);
  EXPECT_FALSE(plan.change.firings[0].run.serial);
  EXPECT_FALSE(plan.serial);
}

TEST(plan_replay, undecided_ticks_are_decided_as_a_starting_engine_would) {
  const auto job = hourly();
  const job_cursor cursor{"a", t0, job.schedule_fingerprint()};
  const auto plan
      = plan_replay(job, {}, cursor, {}, t0 + hours{5} + minutes{30});
  ASSERT_TRUE(plan.decision);
  EXPECT_EQ(plan.missed, 5U);
  EXPECT_EQ(plan.runs, 1U);
  EXPECT_EQ(plan.decision->firings.at(0).run.trigger, trigger::catch_up);
  EXPECT_EQ(plan.decision->cursor.position, t0 + hours{5} + minutes{30});
}

TEST(plan_replay, undecided_ticks_of_a_range_are_run_and_the_rest_is_missed) {
  const auto job = hourly();
  const job_cursor cursor{"a", t0, job.schedule_fingerprint()};
  const auto plan = plan_replay(job, {}, cursor, range(2, 3), t0 + hours{5});
  ASSERT_TRUE(plan.decision);
  EXPECT_EQ(plan.missed, 2U);
  EXPECT_EQ(plan.decision->firings.size(), 2U);
  EXPECT_EQ(ticks_in(plan.decision->others), 3U);
  EXPECT_TRUE(plan.change.empty());
}

TEST(plan_replay, of_a_year_of_seconds_costs_no_more_than_its_runs) {
  auto job = hourly();
  job.schedule_text = "* * * * * *";
  job.schedule = cron_schedule::parse(job.schedule_text).value();
  tick year;
  year.job = "a";
  year.nominal_time = t0 + seconds{1};
  year.to = t0 + days{365};
  year.count = 365U * 86'400U;
  year.fate = tick_fate::engine_down;
  replay_request asked;
  asked.from = t0;
  asked.limit = 50;
  const auto plan = plan_replay(job, {year}, {}, asked, t0 + days{365});
  EXPECT_EQ(plan.missed, year.count);
  EXPECT_EQ(plan.runs, 50U);
  EXPECT_LE(plan.change.after.size(), 2U);
  expect_same_ticks(plan);
}

TEST(plan_skip, waives_missed_ticks_so_that_no_plan_lists_them_again) {
  auto asked = range(2, 3);
  const auto plan = plan_skip(hourly(), {line(1, 5)}, {}, asked, t0);
  EXPECT_EQ(plan.missed, 2U);
  EXPECT_EQ(plan.runs, 0U);
  ASSERT_EQ(plan.change.after.size(), 3U);
  EXPECT_TRUE(plan.change.after[1].waived);
  EXPECT_EQ(plan.change.after[1].count, 2U);
  EXPECT_EQ(plan.change.after[1].reason, "skipped by ann");
  EXPECT_EQ(plan.change.after[1].fate, tick_fate::engine_down);
  expect_same_ticks(plan);
  const auto later
      = plan_replay(hourly(), plan.change.after, {}, range(1, 5), t0);
  EXPECT_EQ(later.missed, 3U);
  EXPECT_EQ(later.runs, 3U);
}

TEST(plan_skip, decides_what_no_engine_has_decided) {
  const auto job = hourly();
  const job_cursor cursor{"a", t0, job.schedule_fingerprint()};
  replay_request asked;
  asked.by = "ann";
  const auto plan = plan_skip(job, {}, cursor, asked, t0 + hours{4});
  ASSERT_TRUE(plan.decision);
  ASSERT_EQ(plan.decision->others.size(), 1U);
  EXPECT_TRUE(plan.decision->others[0].waived);
  EXPECT_EQ(plan.decision->cursor.position, t0 + hours{4});
}

TEST(estimate, runs_in_turn_take_their_sum_and_abreast_a_share_of_it) {
  EXPECT_EQ(estimate(replay_load{10, seconds{3}, true}, 8), seconds{30});
  EXPECT_EQ(estimate(replay_load{10, seconds{3}, false}, 8), seconds{6});
  EXPECT_EQ(estimate(replay_load{}, 0), seconds{0});
  // Two serial jobs side by side: the longer one; with one worker: the sum.
  const std::vector<replay_load> both{{10, seconds{3}, true},
                                      {5, seconds{2}, true}};
  EXPECT_EQ(estimate(both, 8), seconds{30});
  EXPECT_EQ(estimate(both, 1), seconds{40});
}

} // namespace
} // namespace jobq
