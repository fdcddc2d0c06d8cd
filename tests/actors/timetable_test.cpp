#include "actors/timetable.hpp"

#include <gtest/gtest.h>

namespace jobq {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

const time_point t0{milliseconds{1'800'000'000'000}};

job_definition job(const char* name, const char* schedule) {
  job_definition one;
  one.name = one.function = name;
  one.extension = "test";
  one.schedule_text = schedule;
  if (*schedule != '\0')
    one.schedule = cron_schedule::parse(schedule).value();
  return one;
}

job_cursor cursor_of(const job_definition& of, time_point at,
                     bool active = true) {
  return {of.name, at, of.schedule_fingerprint(), active};
}

std::vector<tick_decision> decisions_of(const std::vector<any_command>& all) {
  std::vector<tick_decision> found;
  for (const auto& one : all)
    if (const auto* fire = std::get_if<command::fire>(&one))
      found.insert(found.end(), fire->decisions.begin(), fire->decisions.end());
  return found;
}

TEST(timetable, begins_new_jobs_now) {
  timetable table;
  auto commands
      = table.reset({{job("a", "0 0 * * * *"), true, ""}}, {}, t0, t0);
  auto opened = decisions_of(commands);
  ASSERT_EQ(opened.size(), 1U);
  EXPECT_EQ(opened[0].cursor.position, t0);
  EXPECT_TRUE(opened[0].firings.empty());
  EXPECT_EQ(table.next(), t0 + hours{1});
}

TEST(timetable, goes_on_from_stored_cursors) {
  timetable table;
  auto a = job("a", "0 0 * * * *");
  auto commands
      = table.reset({{a, true, ""}}, {cursor_of(a, t0 - hours{3})}, t0, t0);
  EXPECT_TRUE(commands.empty());
  EXPECT_EQ(table.next(), t0 - hours{2});
}

TEST(timetable, a_changed_schedule_discards_older_ticks) {
  timetable table;
  auto old = job("a", "0 0 * * * *");
  auto changed = job("a", "0 30 * * * *");
  auto commands = table.reset({{changed, true, ""}},
                              {cursor_of(old, t0 - hours{3})}, t0, t0);
  auto opened = decisions_of(commands);
  ASSERT_EQ(opened.size(), 1U);
  EXPECT_EQ(opened[0].decided_from, t0 - hours{3});
  EXPECT_EQ(opened[0].cursor.position, t0);
  EXPECT_EQ(table.next(), t0 + minutes{30});
}

TEST(timetable, an_inactive_stretch_is_recorded_when_it_is_seen) {
  timetable table;
  auto a = job("a", "0 0 * * * *");
  auto commands = table.reset({{a, false, "disabled by ann"}},
                              {cursor_of(a, t0 - hours{3})}, t0, t0);
  auto passed = decisions_of(commands);
  ASSERT_EQ(passed.size(), 1U);
  ASSERT_EQ(passed[0].others.size(), 1U);
  EXPECT_EQ(passed[0].others[0].count, 3U);
  EXPECT_EQ(passed[0].others[0].reason, "disabled by ann");
  EXPECT_FALSE(passed[0].cursor.active);
  EXPECT_FALSE(table.next());
  // Enabled while the engine was down: the stretch ends at the start.
  commands = table.reset({{a, true, ""}}, {cursor_of(a, t0 - hours{2}, false)},
                         t0, t0);
  passed = decisions_of(commands);
  ASSERT_EQ(passed.size(), 1U);
  EXPECT_EQ(passed[0].others.at(0).fate, tick_fate::disabled);
  EXPECT_TRUE(passed[0].cursor.active);
  EXPECT_EQ(table.next(), t0 + hours{1});
}

TEST(timetable, a_paused_stretch_is_recorded_as_such_and_not_replayed) {
  timetable table;
  auto a = job("a", "0 0 * * * *");
  auto cursor = cursor_of(a, t0);
  auto commands = table.reset(scheduled_jobs({a}, {}, {}, false), {cursor},
                              t0 + minutes{1}, t0);
  auto passed = decisions_of(commands);
  ASSERT_EQ(passed.size(), 1U);
  EXPECT_TRUE(passed[0].cursor.paused);
  EXPECT_FALSE(passed[0].cursor.active);
  EXPECT_FALSE(table.next());
  // Switching a job on does not wake it while all are paused.
  table.switched("a", true, "");
  EXPECT_FALSE(table.next());
  EXPECT_EQ(table.at_switch("a", t0 + hours{1})->others.at(0).fate,
            tick_fate::paused);
  cursor = passed[0].cursor;
  passed = decisions_of(table.reset(scheduled_jobs({a}, {}, {}, true), {cursor},
                                    t0 + hours{3}, t0));
  ASSERT_EQ(passed.size(), 1U);
  EXPECT_TRUE(passed[0].firings.empty());
  ASSERT_EQ(passed[0].others.size(), 1U);
  EXPECT_EQ(passed[0].others[0].fate, tick_fate::paused);
  EXPECT_EQ(passed[0].others[0].count, 3U);
  EXPECT_TRUE(passed[0].cursor.active);
  EXPECT_FALSE(passed[0].cursor.paused);
  EXPECT_EQ(table.next(), t0 + hours{4});
}

TEST(timetable, forgets_jobs_that_are_gone) {
  timetable table;
  auto gone = job("gone", "0 0 * * * *");
  auto commands = table.reset({}, {cursor_of(gone, t0)}, t0, t0);
  ASSERT_EQ(commands.size(), 1U);
  EXPECT_EQ(std::get<command::forget_job>(commands[0]).job, "gone");
  EXPECT_FALSE(std::get<command::forget_job>(commands[0]).keep_switch);
}

TEST(timetable, a_job_that_lost_its_schedule_keeps_its_switch) {
  timetable table;
  const auto was = job("a", "0 0 * * * *");
  const auto commands = table.reset({{job("a", ""), true, ""}},
                                    {cursor_of(was, t0 - hours{1})}, t0, t0);
  ASSERT_EQ(commands.size(), 1U);
  EXPECT_TRUE(std::get<command::forget_job>(commands[0]).keep_switch);
}

TEST(timetable, manual_jobs_have_no_place_in_it) {
  timetable table;
  EXPECT_TRUE(table.reset({{job("m", ""), true, ""}}, {}, t0, t0).empty());
  EXPECT_EQ(table.size(), 0U);
}

TEST(timetable, sets_aside_what_it_decided_until_it_is_committed) {
  timetable table;
  const std::vector<scheduled_job> jobs{{job("a", "0 0 * * * *"), true, ""},
                                        {job("b", "0 30 * * * *"), true, ""}};
  table.reset(jobs, {}, t0, t0);
  const auto now = t0 + hours{1};
  const auto some = table.decide(now, 1);
  ASSERT_EQ(some.size(), 1U);
  EXPECT_EQ(some[0].cursor.job, "b");
  const auto others = table.decide(now, 100);
  ASSERT_EQ(others.size(), 1U);
  EXPECT_EQ(others[0].cursor.job, "a");
  EXPECT_TRUE(table.decide(now, 100).empty());
  EXPECT_FALSE(table.next());
  table.committed(others);
  EXPECT_EQ(table.next(), t0 + hours{2});
  // Nothing was heard of the first: it is decided again.
  table.reset(jobs, {others[0].cursor}, now, t0);
  const auto again = table.decide(now + minutes{30}, 100);
  ASSERT_EQ(again.size(), 1U);
  EXPECT_EQ(again[0].cursor.job, "b");
}

TEST(timetable, bounds_what_is_decided_in_one_go) {
  timetable table;
  std::vector<scheduled_job> jobs;
  for (int i = 0; i < 5'000; ++i)
    jobs.push_back(
        {job(("j" + std::to_string(i)).c_str(), "0 0 * * * *"), true, ""});
  auto commands = table.reset(std::move(jobs), {}, t0, t0);
  EXPECT_EQ(commands.size(), 5U);
  auto now = t0 + hours{1};
  std::size_t total = 0;
  for (auto some = table.decide(now, 1'000); !some.empty();
       some = table.decide(now, 1'000)) {
    EXPECT_LE(some.size(), 500U);
    total += some.size();
    table.committed(some);
  }
  EXPECT_EQ(total, 5'000U);
}

TEST(timetable, of_ticks_due_at_once_the_ones_followed_sooner_go_first) {
  timetable table;
  table.reset({{job("hourly", "0 0 * * * *"), true, ""},
               {job("minutely", "0 * * * * *"), true, ""},
               {job("secondly", "* * * * * *"), true, ""}},
              {}, t0, t0);
  // All three are due on the hour, and the seconds before it have been decided.
  auto before = table.decide(t0 + hours{1} - seconds{1}, 1'000'000);
  table.committed(before);
  const auto due = table.decide(t0 + hours{1}, 1'000);
  ASSERT_EQ(due.size(), 3U);
  EXPECT_EQ(due[0].cursor.job, "secondly");
  EXPECT_EQ(due[1].cursor.job, "minutely");
  EXPECT_EQ(due[2].cursor.job, "hourly");
}

TEST(timetable, decides_a_herd_in_the_order_of_its_runs) {
  timetable table;
  std::vector<scheduled_job> jobs;
  for (int i = 0; i < 100; ++i)
    jobs.push_back(
        {job(("h" + std::to_string(i)).c_str(), "0 0 * * * *"), true, ""});
  const auto opening = decisions_of(table.reset(std::move(jobs), {}, t0, t0));
  const auto due = table.decide(t0 + hours{1}, 1'000);
  ASSERT_EQ(due.size(), 100U);
  ASSERT_EQ(opening.size(), 100U);
  for (std::size_t i = 0; i < due.size(); ++i) {
    EXPECT_EQ(opening[i].cursor.job, due[i].cursor.job);
    if (i == 0)
      continue;
    EXPECT_LT(due[i - 1].firings[0].run.id, due[i].firings[0].run.id);
  }
}

TEST(timetable, a_herd_does_not_hold_up_what_is_due_after_it) {
  timetable table;
  std::vector<scheduled_job> jobs{{job("steady", "* * * * * *"), true, ""}};
  for (int i = 0; i < 1'000; ++i)
    jobs.push_back(
        {job(("h" + std::to_string(i)).c_str(), "0 0 * * * *"), true, ""});
  table.reset(std::move(jobs), {}, t0, t0);
  table.committed(table.decide(t0 + hours{1} - seconds{1}, 1'000'000));
  std::size_t of_herd = 0;
  std::size_t of_steady = 0;
  for (int second = 0; second < 10; ++second) {
    const auto some = table.decide(t0 + hours{1} + seconds{second}, 160);
    for (const auto& one : some)
      ++(one.cursor.job == "steady" ? of_steady : of_herd);
    EXPECT_EQ(of_steady, static_cast<std::size_t>(second + 1));
    table.committed(some);
  }
  EXPECT_EQ(of_herd, 10 * 80U - 10) << "the herd goes on";
}

TEST(scheduled_jobs, a_persons_word_stands_above_the_configuration) {
  auto on = job("on", "0 0 * * * *");
  auto off = job("off", "0 0 * * * *");
  off.enabled = false;
  auto broken = job("broken", "0 0 * * * *");
  auto all = scheduled_jobs(
      {on, off, broken},
      {{"on", false, "ann", "noisy", t0}, {"off", true, "ann", "", t0}},
      [](const job_definition& one) -> std::string {
        return one.name == "broken" ? "no such function" : "";
      });
  EXPECT_FALSE(all[0].active);
  EXPECT_EQ(all[0].inactive_reason, "disabled by ann: noisy");
  EXPECT_TRUE(all[1].active);
  EXPECT_FALSE(all[2].active);
  EXPECT_EQ(all[2].inactive_reason, "no such function");
}

} // namespace
} // namespace jobq
