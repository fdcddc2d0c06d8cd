#include "extensions/command/command.hpp"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <stdexcept>
#include <thread>

#include <gtest/gtest.h>

#include "tests/extensions/command_fixture.hpp"

namespace jobq {

using namespace std::chrono_literals;

namespace {

using steady = std::chrono::steady_clock;

using command_stop_test = test::command_test;

} // namespace

TEST_F(command_stop_test, a_stop_is_a_sigterm_to_the_group) {
  context_.stop_on_progress();
  auto done = run_script("sleep 1000 & " + test::ready + "wait");
  EXPECT_EQ(done.kind, outcome_kind::interrupted);
  EXPECT_EQ(done.error, "");
  EXPECT_EQ(done.message, "asked to stop: killed by signal 15 (SIGTERM)");
  EXPECT_EQ(done.process.value().signal, SIGTERM);
}

TEST_F(command_stop_test, a_stop_may_be_heeded_in_good_order) {
  context_.stop_on_progress();
  auto done = run_script("trap 'echo \"{\\\"items_processed\\\":3}\" >&3; "
                         "exit 5' TERM; sleep 1000 & "
                         + test::ready + "wait");
  EXPECT_EQ(done.kind, outcome_kind::interrupted);
  EXPECT_EQ(done.message, "asked to stop: exit code 5");
  EXPECT_EQ(done.process.value().exit_code, 5);
  EXPECT_EQ(done.items_processed, 3u);
}

TEST_F(command_stop_test, who_ignores_a_stop_is_killed) {
  context_.stop_on_progress();
  options_.kill_after = 50ms;
  auto done = run_script("trap '' TERM; " + test::ready + "exec sleep 1000");
  EXPECT_EQ(done.kind, outcome_kind::interrupted);
  EXPECT_EQ(done.message,
            "ignored SIGTERM for 50ms: killed by signal 9 (SIGKILL)");
  EXPECT_EQ(done.process.value().signal, SIGKILL);
}

TEST_F(command_stop_test, who_ignores_a_stop_is_killed_without_pidfd) {
  options_.use_pidfd = false;
  context_.stop_on_progress();
  options_.kill_after = 50ms;
  auto done = run_script("trap '' TERM; " + test::ready + "exec sleep 1000");
  EXPECT_EQ(done.process.value().signal, SIGKILL);
}

TEST_F(command_stop_test, a_stopped_process_hears_a_stop) {
  // It can't say that it is stopped; its parent can see it.
  context_.stop_on_progress();
  options_.kill_after = 60s;
  auto done = run_script(
      "sh -c 'kill -STOP $$' & "
      "while read -r pid name state rest </proc/$!/stat && [ $state != T ]; "
      "do :; done; "
      + test::ready + "kill -STOP $$");
  EXPECT_EQ(done.kind, outcome_kind::interrupted);
  EXPECT_EQ(done.process.value().signal, SIGTERM);
}

TEST_F(command_stop_test, nothing_of_the_group_outlives_a_stop) {
  context_.stop_on_progress();
  // The end of the pipe that the one in the background holds.
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
  options_.kill_after = 60s;
  what_.argv = {"/bin/sh", "-c",
                "(trap '' TERM; " + test::ready + "exec sleep 1000) & wait"};
  options_.standard_output = ends[1];
  auto done = run_command(context_, what_, options_);
  ::close(ends[1]);
  char byte = 0;
  EXPECT_EQ(::read(ends[0], &byte, 1), 0) << "waits for its death";
  ::close(ends[0]);
  EXPECT_EQ(done.process.value().signal, SIGTERM);
}

TEST_F(command_stop_test, a_program_in_another_group_is_stopped_too) {
  context_.stop_on_progress();
  options_.kill_after = 60s;
  // The group is that of a child, which goes when its parent does.
  auto done = run({"perl", "-e", R"(
    pipe my $reading, my $writing;
    my $child = fork // die;
    if (!$child) { close $writing; <$reading>; exit; }
    setpgrp $child, $child;
    setpgrp 0, $child;
    open my $control, '>&=', 3;
    syswrite $control, qq({"progress":1}\n);
    sleep 1000;)"});
  EXPECT_EQ(done.message, "asked to stop: killed by signal 15 (SIGTERM)");
}

TEST_F(command_stop_test, who_is_stopped_before_does_not_start) {
  context_.stop = [] { return true; };
  auto done = run_script("echo started");
  EXPECT_EQ(done.kind, outcome_kind::interrupted);
  EXPECT_FALSE(done.process.has_value());
  EXPECT_EQ(output(), "");
}

TEST_F(command_stop_test, a_stop_is_heeded_at_once) {
  // The best of some, for a machine that has other things to do.
  auto best = steady::duration::max();
  for (int i = 0; i < 10 && best >= 50ms; ++i) {
    test::command_context context;
    std::atomic<bool> started{false};
    std::atomic<bool> stop{false};
    steady::time_point asked_at;
    context.stop = [&] {
      started = context.asked > 5;
      started.notify_one();
      return stop.load();
    };
    what_.argv = {"sleep", "1000"};
    std::thread other{[&] {
      started.wait(false);
      asked_at = steady::now();
      stop = true;
    }};
    auto done = run_command(context, what_, options_);
    auto ended_at = steady::now();
    other.join();
    EXPECT_EQ(done.process.value().signal, SIGTERM);
    best = std::min(best, ended_at - asked_at);
  }
  if (!JOBQ_SANITIZED) {
    EXPECT_LT(best, 50ms);
  }
}

TEST_F(command_stop_test, the_context_is_asked_every_20_ms) {
  // Between two questions at a time, the best of many.
  auto best = steady::duration::max();
  std::optional<steady::time_point> last;
  context_.stop = [&] {
    auto now = steady::now();
    if (last && context_.asked > 5)
      best = std::min(best, now - *last);
    last = now;
    return context_.asked > (best <= 20ms ? 15 : 200);
  };
  run({"sleep", "1000"});
  if (!JOBQ_SANITIZED) {
    EXPECT_LE(best, 20ms);
  }
  EXPECT_GE(best, 1ms) << "it does not spin";
}

TEST_F(command_stop_test, a_program_does_not_outlive_an_exception) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
  context_.stop = [this]() -> bool {
    return context_.asked > 3 ? throw std::runtime_error{"lost"} : false;
  };
  what_.argv = {"sleep", "1000"};
  options_.standard_output = ends[1];
  EXPECT_THROW(run_command(context_, what_, options_), std::runtime_error);
  ::close(ends[1]);
  char byte = 0;
  EXPECT_EQ(::read(ends[0], &byte, 1), 0) << "waits for its death";
  ::close(ends[0]);
}

} // namespace jobq
