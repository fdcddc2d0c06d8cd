#include "jobs/schedule_diff.hpp"

#include <gtest/gtest.h>

namespace jobq {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;

// 2027-01-15T00:00:00Z
const time_point t0{milliseconds{1'799'971'200'000}};

configuration
config_of(const std::vector<std::pair<std::string, std::string>>& schedules) {
  configuration config;
  for (const auto& [name, expression] : schedules) {
    job_definition job;
    job.name = name;
    job.schedule_text = expression;
    if (!expression.empty())
      job.schedule = cron_schedule::parse(expression).value();
    config.jobs.push_back(job);
  }
  return config;
}

/// The only difference between two schedules of one job.
schedule_difference between(const std::string& before, const std::string& after,
                            milliseconds length = days{1}) {
  const auto all
      = compare_schedules(config_of({{"a", before}}), config_of({{"a", after}}),
                          t0, t0 + length, 1'000);
  EXPECT_EQ(all.size(), 1U);
  return all.empty() ? schedule_difference{} : all.front();
}

TEST(schedule_diff, leaves_out_what_is_the_same) {
  const auto one = config_of({{"a", "0 0 * * * *"}, {"b", ""}});
  EXPECT_TRUE(compare_schedules(one, one, t0, t0 + days{7}, 3).empty());
  // Written in another way, and the same times.
  EXPECT_TRUE(compare_schedules(config_of({{"a", "0 0,30 * * * *"}}),
                                config_of({{"a", "0 */30 * * * *"}}), t0,
                                t0 + days{7}, 3)
                  .empty());
}

TEST(schedule_diff, tells_a_shifted_schedule_as_moved) {
  const auto found = between("0 0 2 * * *", "0 30 2 * * *", days{3});
  EXPECT_EQ(found.ticks_before, 3U);
  EXPECT_EQ(found.ticks_after, 3U);
  EXPECT_EQ(found.moved, 3U);
  EXPECT_EQ(found.added + found.removed + found.kept, 0U);
  EXPECT_EQ(found.first.front(),
            (tick_change{t0 + hours{2}, t0 + hours{2} + minutes{30}}));
}

TEST(schedule_diff, tells_more_and_fewer_ticks) {
  const auto more = between("0 0 * * * *", "0 */30 * * * *");
  EXPECT_EQ(more.kept, 24U);
  EXPECT_EQ(more.added, 24U);
  EXPECT_EQ(more.removed + more.moved, 0U);
  const auto fewer = between("0 */30 * * * *", "0 0 * * * *");
  EXPECT_EQ(fewer.kept, 24U);
  EXPECT_EQ(fewer.removed, 24U);
  EXPECT_EQ(fewer.added + fewer.moved, 0U);
}

TEST(schedule_diff, moves_a_tick_to_the_nearest_one) {
  // 06:00, 12:00 and 18:00 go; 17:00 comes.
  const auto found = between("0 0 6,12,18 * * *", "0 0 17 * * *");
  EXPECT_EQ(found.removed, 2U);
  EXPECT_EQ(found.moved, 1U);
  ASSERT_EQ(found.first.size(), 3U);
  EXPECT_EQ(found.first[2], (tick_change{t0 + hours{18}, t0 + hours{17}}));
}

TEST(schedule_diff, counts_every_tick_of_both_sides) {
  for (const auto* after : {"*/7 * * * * *", "0 13 */5 * * *", "0 0 0 * * MON"})
    for (const auto* before : {"0 */9 * * * *", "30 */11 3 * * *"}) {
      const auto found = between(before, after, days{9});
      EXPECT_EQ(found.ticks_before, cron_schedule::parse(before).value().count(
                                        t0, t0 + days{9}, time_zone::utc()));
      EXPECT_EQ(found.ticks_after, cron_schedule::parse(after).value().count(
                                       t0, t0 + days{9}, time_zone::utc()));
    }
}

TEST(schedule_diff, tells_new_removed_and_switched_jobs) {
  auto before = config_of({{"gone", "0 0 * * * *"}, {"off", "0 0 * * * *"}});
  auto after = config_of({{"off", "0 0 * * * *"}, {"new", "0 0 * * * *"}});
  after.jobs[0].enabled = false;
  const auto all = compare_schedules(before, after, t0, t0 + days{1}, 2);
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[0].job, "off");
  EXPECT_EQ(all[0].after, schedule_presence::off);
  EXPECT_EQ(all[0].removed, 24U);
  EXPECT_EQ(all[0].first.size(), 2U);
  EXPECT_EQ(all[1].job, "new");
  EXPECT_EQ(all[1].before, schedule_presence::absent);
  EXPECT_EQ(all[1].added, 24U);
  EXPECT_EQ(all[2].job, "gone");
  EXPECT_EQ(all[2].after, schedule_presence::absent);
  EXPECT_EQ(all[2].removed, 24U);
}

TEST(schedule_diff, sees_a_change_of_zone) {
  auto before = config_of({{"a", "0 0 2 * * *"}});
  auto after = before;
  after.jobs[0].timezone = time_zone::find("Asia/Kolkata").value();
  const auto all = compare_schedules(before, after, t0, t0 + days{5}, 2);
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].moved + all[0].removed, 5U);
  EXPECT_EQ(all[0].kept, 0U);
}

} // namespace
} // namespace jobq
