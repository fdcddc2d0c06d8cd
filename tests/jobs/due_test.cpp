#include "jobs/due.hpp"

#include <gtest/gtest.h>

namespace jobq {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;

// 2027-01-15T08:00:00Z
const time_point t0{milliseconds{1'800'000'000'000}};

job_definition job(const char* expression) {
  job_definition one;
  one.name = "a";
  one.extension = "core";
  one.function = "f";
  one.schedule_text = expression;
  one.schedule = cron_schedule::parse(expression).value();
  return one;
}

job_cursor at(const job_definition& one, time_point position) {
  return {one.name, position, one.schedule_fingerprint()};
}

std::uint64_t ticks_in(const tick_decision& decision) {
  auto total = decision.firings.size();
  for (const auto& line : decision.others)
    total += line.count;
  return total;
}

TEST(due, fires_a_tick_that_is_due_and_moves_the_cursor_to_now) {
  auto hourly = job("0 0 * * * *");
  auto decision = due(hourly, at(hourly, t0), t0 + hours{1}, t0);
  ASSERT_EQ(decision.firings.size(), 1U);
  const auto& one = decision.firings[0];
  EXPECT_EQ(one.tick.nominal_time, t0 + hours{1});
  EXPECT_EQ(one.tick.fate, tick_fate::fired);
  EXPECT_EQ(one.tick.run, one.run.id);
  EXPECT_EQ(one.run.id, run_id::of_tick("a", t0 + hours{1}));
  EXPECT_EQ(one.run.trigger, trigger::schedule);
  EXPECT_EQ(one.run.nominal_time, t0 + hours{1});
  EXPECT_EQ(one.run.state, run_state::available);
  EXPECT_EQ(one.overlap, overlap_policy::skip);
  EXPECT_EQ(decision.decided_from, t0);
  EXPECT_EQ(decision.cursor.position, t0 + hours{1});
}

TEST(due,
     decides_nothing_before_the_tick_and_nothing_when_the_clock_went_back) {
  auto hourly = job("0 0 * * * *");
  EXPECT_EQ(ticks_in(due(hourly, at(hourly, t0), t0 + minutes{59}, t0)), 0U);
  auto back = due(hourly, at(hourly, t0), t0 - days{3}, t0);
  EXPECT_EQ(ticks_in(back), 0U);
  EXPECT_EQ(back.cursor.position, t0);
}

TEST(due, never_decides_a_tick_twice_or_forgets_one) {
  auto often = job("*/7 * * * * *");
  often.catchup = catchup_policy::all;
  auto cursor = at(often, t0);
  std::uint64_t total = 0;
  auto now = t0;
  for (auto step : {1, 3, 6, 7, 8, 20, 59, 61, 300, 2, 1}) {
    now += seconds{step};
    auto decision = due(often, cursor, now, t0);
    total += ticks_in(decision);
    cursor = decision.cursor;
  }
  EXPECT_EQ(total, often.schedule->count(t0, now, time_zone::utc()));
}

TEST(due, misfire_threshold_separates_late_from_missed) {
  auto hourly = job("0 0 * * * *");
  auto tick = t0 + hours{1};
  auto late = due(hourly, at(hourly, t0), tick + minutes{1}, t0);
  ASSERT_EQ(late.firings.size(), 1U);
  EXPECT_EQ(late.firings[0].run.trigger, trigger::schedule);
  auto missed
      = due(hourly, at(hourly, t0), tick + minutes{1} + milliseconds{1}, t0);
  ASSERT_EQ(missed.firings.size(), 1U);
  EXPECT_EQ(missed.firings[0].run.trigger, trigger::catch_up);
  EXPECT_EQ(missed.firings[0].run.missed_count, 1U);
}

TEST(due, catchup_none_records_that_the_engine_was_down) {
  auto hourly = job("0 0 * * * *");
  hourly.catchup = catchup_policy::none;
  auto decision = due(hourly, at(hourly, t0), t0 + days{3} + minutes{30}, t0);
  EXPECT_TRUE(decision.firings.empty());
  ASSERT_EQ(decision.others.size(), 1U);
  const auto& line = decision.others[0];
  EXPECT_EQ(line.fate, tick_fate::engine_down);
  EXPECT_EQ(line.count, 72U);
  EXPECT_EQ(line.nominal_time, t0 + hours{1});
  EXPECT_EQ(line.to, t0 + hours{72});
}

TEST(due, catchup_latest_makes_one_run_and_coalesces_the_rest) {
  auto hourly = job("0 0 * * * *");
  auto now = t0 + hours{5} + minutes{30};
  auto decision = due(hourly, at(hourly, t0), now, now);
  ASSERT_EQ(decision.firings.size(), 1U);
  const auto& one = decision.firings[0];
  EXPECT_EQ(one.run.nominal_time, t0 + hours{5});
  EXPECT_EQ(one.run.trigger, trigger::catch_up);
  EXPECT_EQ(one.run.missed_count, 5U);
  EXPECT_EQ(one.run.scheduled_at, now);
  ASSERT_EQ(decision.others.size(), 1U);
  EXPECT_EQ(decision.others[0].fate, tick_fate::coalesced);
  EXPECT_EQ(decision.others[0].count, 4U);
  EXPECT_EQ(decision.others[0].run, one.run.id);
}

TEST(due, catchup_earliest_carries_the_first_missed_time) {
  auto hourly = job("0 0 * * * *");
  hourly.catchup = catchup_policy::earliest;
  auto now = t0 + hours{5} + minutes{30};
  auto decision = due(hourly, at(hourly, t0), now, now);
  ASSERT_EQ(decision.firings.size(), 1U);
  EXPECT_EQ(decision.firings[0].run.nominal_time, t0 + hours{1});
  ASSERT_EQ(decision.others.size(), 1U);
  EXPECT_EQ(decision.others[0].nominal_time, t0 + hours{2});
  EXPECT_EQ(decision.others[0].count, 4U);
}

TEST(due, catchup_all_fires_oldest_first_within_window_and_limit) {
  auto hourly = job("0 0 * * * *");
  hourly.catchup = catchup_policy::all;
  hourly.catchup_window = hours{10};
  hourly.catchup_limit = 4;
  auto now = t0 + hours{20} + minutes{30};
  auto decision = due(hourly, at(hourly, t0), now, now);
  ASSERT_EQ(decision.firings.size(), 4U);
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(decision.firings[static_cast<std::size_t>(i)].tick.nominal_time,
              t0 + hours{17 + i});
    EXPECT_EQ(decision.firings[static_cast<std::size_t>(i)].overlap,
              overlap_policy::allow_all)
        << "the limit is theirs";
    EXPECT_TRUE(decision.firings[static_cast<std::size_t>(i)].run.serial);
  }
  ASSERT_EQ(decision.others.size(), 2U);
  EXPECT_EQ(decision.others[0].fate, tick_fate::expired);
  EXPECT_EQ(decision.others[0].count, 10U);
  EXPECT_EQ(decision.others[1].fate, tick_fate::over_limit);
  EXPECT_EQ(decision.others[1].count, 6U);
}

TEST(due, window_boundary_is_inclusive) {
  auto hourly = job("0 0 * * * *");
  hourly.catchup = catchup_policy::all;
  hourly.catchup_window = hours{2};
  auto decision = due(hourly, at(hourly, t0), t0 + hours{4}, t0);
  // 02:00, 03:00 and 04:00 past t0 fire; 01:00 is outside.
  EXPECT_EQ(decision.firings.size(), 3U);
  ASSERT_EQ(decision.others.size(), 1U);
  EXPECT_EQ(decision.others[0].count, 1U);
}

TEST(due, overlap_judges_only_what_the_engine_was_on_time_for) {
  auto often = job("* * * * * *");
  auto alone = due(often, at(often, t0), t0 + seconds{1}, t0);
  ASSERT_EQ(alone.firings.size(), 1U);
  EXPECT_EQ(alone.firings[0].overlap, overlap_policy::skip);
  auto stalled = due(often, at(often, t0), t0 + seconds{3}, t0);
  ASSERT_EQ(stalled.firings.size(), 3U);
  for (const auto& one : stalled.firings)
    EXPECT_EQ(one.overlap, overlap_policy::buffer_all);
  auto before_start
      = due(often, at(often, t0), t0 + seconds{1}, t0 + milliseconds{1'500});
  ASSERT_EQ(before_start.firings.size(), 1U);
  EXPECT_EQ(before_start.firings[0].overlap, overlap_policy::buffer_all);
}

TEST(due, bounds_one_decision_to_a_thousand_present_ticks) {
  auto often = job("* * * * * *");
  often.misfire_threshold = hours{1};
  auto first = due(often, at(often, t0), t0 + minutes{30}, t0);
  EXPECT_EQ(first.firings.size(), 1'000U);
  EXPECT_EQ(first.cursor.position, t0 + seconds{1'000});
  auto second = due(often, first.cursor, t0 + minutes{30}, t0);
  EXPECT_EQ(second.firings.size(), 800U);
  EXPECT_EQ(second.cursor.position, t0 + minutes{30});
}

TEST(due, a_year_of_an_every_second_job_is_decided_without_walking_it) {
  auto often = job("* * * * * *");
  auto now = t0 + days{365};
  auto decision = due(often, at(often, t0), now, now);
  EXPECT_EQ(ticks_in(decision), 365U * 86'400U);
  EXPECT_LE(decision.others.size(), 3U);
}

TEST(due, jitter_is_the_same_every_time_and_stays_before_the_next_tick) {
  auto minutely = job("0 * * * * *");
  minutely.jitter = hours{1};
  bool spread = false;
  for (int i = 0; i < 50; ++i) {
    auto from = t0 + minutes{i};
    auto one = due(minutely, at(minutely, from), from + minutes{1}, t0);
    auto again = due(minutely, at(minutely, from), from + minutes{1}, t0);
    ASSERT_EQ(one.firings.size(), 1U);
    auto delay = one.firings[0].run.scheduled_at - (from + minutes{1});
    EXPECT_EQ(one.firings[0].run, again.firings[0].run);
    EXPECT_GE(delay, seconds{0});
    EXPECT_LT(delay, minutes{1});
    EXPECT_EQ(one.firings[0].run.state,
              delay > seconds{0} ? run_state::scheduled : run_state::available);
    spread = spread || delay > seconds{10};
  }
  EXPECT_TRUE(spread);
}

TEST(due, start_deadline_counts_from_the_tick_or_from_catching_up) {
  auto hourly = job("0 0 * * * *");
  hourly.start_deadline = minutes{5};
  auto now = t0 + hours{1};
  auto present = due(hourly, at(hourly, t0), now, t0);
  EXPECT_EQ(present.firings[0].run.start_deadline, now + minutes{5});
  now += minutes{30};
  auto missed = due(hourly, at(hourly, t0), now, t0);
  EXPECT_EQ(missed.firings[0].run.start_deadline, now + minutes{5});
}

TEST(due, a_fixed_time_that_a_gap_swallows_is_told_as_such) {
  auto nightly = job("0 30 2 * * *");
  nightly.timezone = time_zone::find("Europe/Paris").value();
  nightly.gap = dst_gap::skip;
  // 2027-03-28: the clock goes 02:00 -> 03:00 at 01:00Z.
  auto from = parse_rfc3339("2027-03-27T12:00:00Z").value();
  auto gap_end = parse_rfc3339("2027-03-28T01:00:00Z").value();
  auto decision = due(nightly, at(nightly, from), gap_end, from);
  EXPECT_EQ(next_due(nightly, at(nightly, from)), gap_end);
  EXPECT_TRUE(decision.firings.empty());
  ASSERT_EQ(decision.others.size(), 1U);
  EXPECT_EQ(decision.others[0].fate, tick_fate::dst_gap);
  EXPECT_EQ(decision.others[0].nominal_time, gap_end);
  EXPECT_EQ(ticks_in(due(nightly, decision.cursor, gap_end + hours{1}, from)),
            0U);
  nightly.gap = dst_gap::automatic;
  EXPECT_EQ(due(nightly, at(nightly, from), gap_end, from).firings.size(), 1U);
  auto interval = job("0 */30 * * * *");
  interval.timezone = nightly.timezone;
  interval.gap = dst_gap::skip;
  EXPECT_TRUE(
      due(interval, at(interval, from), from + hours{20}, from + hours{20})
          .others.size()
      <= 2U);
  for (const auto& line :
       due(interval, at(interval, from), from + hours{20}, from).others)
    EXPECT_NE(line.fate, tick_fate::dst_gap);
}

TEST(due, a_zone_without_gaps_swallows_nothing) {
  auto nightly = job("0 30 2 * * *");
  nightly.gap = dst_gap::skip;
  EXPECT_EQ(next_due(nightly, at(nightly, t0)), t0 + hours{18} + minutes{30});
  EXPECT_EQ(ticks_in(due(nightly, at(nightly, t0), t0 + hours{20}, t0)), 1U);
}

TEST(due, a_manual_job_has_no_ticks) {
  auto manual = job("0 0 * * * *");
  manual.schedule.reset();
  EXPECT_FALSE(next_due(manual, at(manual, t0)));
  EXPECT_EQ(ticks_in(due(manual, at(manual, t0), t0 + days{9}, t0)), 0U);
}

TEST(pass_over, gives_a_stretch_one_fate) {
  auto hourly = job("0 0 * * * *");
  auto decision = pass_over(hourly, at(hourly, t0), t0 + hours{3},
                            tick_fate::disabled, "disabled by ann");
  ASSERT_EQ(decision.others.size(), 1U);
  EXPECT_EQ(decision.others[0].count, 3U);
  EXPECT_EQ(decision.others[0].reason, "disabled by ann");
  EXPECT_EQ(decision.cursor.position, t0 + hours{3});
  EXPECT_TRUE(pass_over(hourly, at(hourly, t0), t0 + minutes{3},
                        tick_fate::disabled, "")
                  .others.empty());
}

TEST(start_cursor, fires_nothing_of_the_past) {
  auto hourly = job("0 0 * * * *");
  auto cursor = start_cursor(hourly, t0);
  EXPECT_EQ(next_due(hourly, cursor), t0 + hours{1});
  EXPECT_TRUE(is_current(cursor, hourly));
  auto changed = job("0 30 * * * *");
  EXPECT_FALSE(is_current(cursor, changed));
}

} // namespace
} // namespace jobq
