#include <set>

#include "tests/actors/virtual_time.hpp"

/// What the wall clock may do to us. Each test asks the same two things: is it
/// told, and does every tick have one fate.
namespace jobq {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;

class clock_faults : public virtual_time {
protected:
  clock_faults() {
    // Steps of years must not make what is looked at expire.
    config_.retention.ticks = config_.retention.completed = days{365 * 100};
  }

  /// Every tick in `(from, now]` has exactly one fate.
  void expect_each_tick_once(const std::string& job, time_point from) {
    const auto* definition = config_.find_job(job);
    std::uint64_t told = 0;
    std::set<time_point> begins;
    for (const auto& line : ticks(job)) {
      told += line.count;
      EXPECT_TRUE(begins.insert(line.nominal_time).second);
    }
    EXPECT_EQ(told, definition->schedule->count(from, now(), time_zone::utc()));
    std::set<time_point> nominal;
    for (const auto& one : history(job))
      EXPECT_TRUE(nominal.insert(*one.run->nominal_time).second);
  }
};

TEST_F(clock_faults, a_quiet_hour_has_no_events) {
  add_job("often", "* * * * * *");
  begin();
  auto from = now();
  pass(hours{1});
  EXPECT_FALSE(said("clock"));
  expect_each_tick_once("often", from);
}

TEST_F(clock_faults, steps_forward_are_told_and_count_as_downtime) {
  for (auto step : {milliseconds{1'000}, milliseconds{minutes{2}},
                    milliseconds{days{1}}, milliseconds{days{365}}}) {
    auto name = "job" + std::to_string(step.count());
    config_.jobs.clear();
    add_job(name, "* * * * * *");
    log_.clear();
    begin();
    auto from = now();
    pass(seconds{10});
    step_clock(step);
    pass(seconds{10});
    EXPECT_TRUE(said("clock step: forward by " + format_duration(step)))
        << format_duration(step);
    expect_each_tick_once(name, from);
    halt();
  }
}

TEST_F(clock_faults, steps_back_are_told_and_repeat_nothing) {
  for (auto step : {milliseconds{1'000}, milliseconds{minutes{2}},
                    milliseconds{days{1}}, milliseconds{days{365}}}) {
    auto name = "job" + std::to_string(step.count());
    config_.jobs.clear();
    add_job(name, "* * * * * *");
    log_.clear();
    begin();
    auto from = now();
    pass(seconds{10});
    EXPECT_EQ(history(name).size(), 10U);
    step_clock(-step);
    pass(milliseconds{1'100});
    EXPECT_TRUE(said("clock step: back by " + format_duration(step)));
    EXPECT_EQ(history(name).size(), 10U);
    // It is set right again.
    step_clock(step);
    pass(seconds{5});
    EXPECT_GE(history(name).size(), 14U);
    expect_each_tick_once(name, from);
    halt();
  }
}

TEST_F(clock_faults, a_suspended_machine_is_a_step_forward) {
  // The monotonic clock does not run while a machine sleeps.
  add_job("hourly", "0 0 * * * *");
  begin();
  auto from = now();
  pass(minutes{1});
  step_clock(hours{8});
  pass(seconds{2});
  EXPECT_TRUE(said("the machine slept"));
  EXPECT_EQ(fates("hourly")[tick_fate::coalesced]
                + fates("hourly")[tick_fate::fired],
            8U);
  expect_each_tick_once("hourly", from);
}

TEST_F(clock_faults, a_stopped_process_is_told_when_it_goes_on) {
  auto& job = add_job("often", "* * * * * *");
  job.catchup = catchup_policy::none;
  begin();
  auto from = now();
  pass(seconds{10});
  stand_still(minutes{10});
  pass(seconds{2});
  EXPECT_TRUE(said("clock stall: the process stood still for"));
  EXPECT_FALSE(said("clock step"));
  EXPECT_GT(fates("often")[tick_fate::engine_down], 500U);
  expect_each_tick_once("often", from);
}

TEST_F(clock_faults, a_short_stall_fires_late_without_a_word) {
  add_job("often", "* * * * * *");
  begin();
  auto from = now();
  pass(seconds{10});
  stand_still(seconds{4});
  pass(seconds{2});
  EXPECT_FALSE(said("clock"));
  EXPECT_EQ(fates("often")[tick_fate::fired], 16U);
  expect_each_tick_once("often", from);
}

TEST_F(clock_faults, a_start_in_1970_is_told_and_the_step_is_downtime) {
  auto& job = add_job("hourly", "0 0 * * * *");
  job.catchup = catchup_policy::latest;
  auto to_1970 = now().time_since_epoch();
  step_clock(-to_1970);
  auto from = now();
  begin();
  EXPECT_TRUE(said("clock not set: it says 1970-01-01T00:00:00.000Z"));
  pass(hours{2});
  EXPECT_EQ(history("hourly").size(), 2U);
  step_clock(to_1970 + minutes{30});
  pass(seconds{2});
  EXPECT_TRUE(said("clock step: forward by"));
  EXPECT_EQ(history("hourly").size(), 3U);
  expect_each_tick_once("hourly", from);
}

TEST_F(clock_faults, a_start_behind_what_is_decided_is_told) {
  add_job("often", "* * * * * *");
  begin();
  auto from = now();
  pass(minutes{2});
  crash();
  step_clock(-hours{1});
  begin();
  pass(minutes{1});
  EXPECT_TRUE(said("clock behind: ticks of 1 jobs are decided up to"));
  EXPECT_EQ(history("often").size(), 120U);
  step_clock(hours{1});
  pass(seconds{30});
  expect_each_tick_once("often", from);
}

/// More jobs, all due at once, than several looks decide.
class herd : public clock_faults {
protected:
  /// The engine runs, and they are due in a second.
  void add_herd(int jobs = 6'500) {
    size = jobs;
    for (int i = 0; i < size; ++i)
      add_job("j" + std::to_string(i), "0 0 * * * *");
    begin();
    pass(hours{1} - seconds{1});
  }

  void expect_each_fired_once() {
    const auto ended = history();
    EXPECT_EQ(ended.size(), static_cast<std::size_t>(size));
    std::set<std::string> jobs;
    for (const auto& one : ended)
      EXPECT_TRUE(jobs.insert(one.run->job).second) << one.run->job;
  }

  int size = 0;
};

/// The commits of the first looks take their time.
class herd_under_way : public herd {
protected:
  void begin_herd(int jobs = 6'500) {
    add_herd(jobs);
    commits_->holds = true;
    pass(milliseconds{1'500});
  }
};

TEST_F(herd_under_way, some_looks_go_on_while_the_first_is_committed) {
  begin_herd();
  EXPECT_EQ(commits_->held(), 6U) << "three looks, of two commands each";
  pass(seconds{3});
  EXPECT_EQ(commits_->held(), 6U);
  release_commits();
  expect_each_fired_once();
  EXPECT_FALSE(said("clock"));
}

TEST_F(herd_under_way, a_switch_waits_for_what_is_under_way) {
  begin_herd();
  std::optional<result<job_switch>> came;
  caf::anon_send(supervisor_, atom::toggle_v,
                 switch_order{{"j6400", false, "ann", "testing", now()},
                              [&came](result<job_switch> value) {
                                came = std::move(value);
                              }});
  pass(milliseconds{100});
  EXPECT_FALSE(came);
  release_commits();
  ASSERT_TRUE(came);
  EXPECT_TRUE(*came);
  expect_each_fired_once();
  const auto cursors = store_->cursors();
  ASSERT_TRUE(cursors);
  for (const auto& cursor : *cursors)
    EXPECT_EQ(cursor.active, cursor.job != "j6400") << cursor.job;
}

TEST_F(herd_under_way, a_reload_waits_for_what_is_under_way) {
  begin_herd();
  add_job("another", "* * * * * *");
  caf::anon_send(supervisor_, atom::reload_v,
                 std::make_shared<const configuration>(config_));
  release_commits();
  pass(seconds{2});
  EXPECT_EQ(history("another").size(), 2U);
  for (const auto* name : {"j0", "j3000", "j6499"})
    EXPECT_EQ(history(name).size(), 1U) << name;
}

TEST_F(herd_under_way, a_dead_clocks_commits_are_not_repeated_by_the_next) {
  begin_herd(3'000); // leaves it a look to die in
  EXPECT_EQ(commits_->held(), 3U);
  break_clock_ = true;
  pass(seconds{2});
  EXPECT_TRUE(said("clock is restarted"));
  release_commits();
  pass(seconds{2});
  expect_each_fired_once();
}

TEST_F(herd_under_way, a_halt_waits_for_what_is_under_way) {
  begin_herd();
  caf::anon_send(supervisor_, atom::halt_v);
  pass(milliseconds{100});
  EXPECT_EQ(commits_->held(), 6U);
  release_commits();
  pass(seconds{1});
  halt();
  EXPECT_EQ(actors(), 0U);
}

/// Some of the commands with its ticks are refused.
class herd_faults
    : public herd,
      public ::testing::WithParamInterface<std::set<std::uint64_t>> {};

TEST_P(herd_faults, each_of_a_herd_fires_once_whatever_is_refused) {
  add_herd();
  for (const auto number : GetParam())
    commits_->fails.insert(commits_->fires + number);
  const auto before = commits_->fires;
  pass(milliseconds{1'900});
  if (!GetParam().empty()) {
    EXPECT_LE(commits_->fires, before + 7) << "again only after a pause";
  }
  pass(milliseconds{8'100});
  EXPECT_EQ(said("could not be committed"), !GetParam().empty());
  expect_each_fired_once();
  EXPECT_EQ(fates("j1234")[tick_fate::fired], 1U);
}

INSTANTIATE_TEST_SUITE_P(refused, herd_faults,
                         ::testing::Values(std::set<std::uint64_t>{},
                                           std::set<std::uint64_t>{1},
                                           std::set<std::uint64_t>{3, 6}));

TEST_F(clock_faults, a_whole_scheduler_that_is_off_is_recorded_as_paused) {
  add_job("hourly", "0 0 * * * *");
  begin();
  auto from = now();
  pass(hours{2});
  halt();
  config_.enabled = false;
  begin();
  pass(hours{5});
  EXPECT_EQ(history("hourly").size(), 2U);
  halt();
  config_.enabled = true;
  begin();
  pass(hours{1});
  EXPECT_EQ(history("hourly").size(), 3U);
  EXPECT_EQ(fates("hourly")[tick_fate::paused], 5U);
  expect_each_tick_once("hourly", from);
}

} // namespace
} // namespace jobq
