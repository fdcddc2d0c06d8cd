#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/wait.h>

#include <chrono>

#include <unistd.h>

#include "tests/extensions/host/cgroup_fixture.hpp"
#include "tests/extensions/host/host_fixture.hpp"

namespace jobq {

using namespace std::chrono_literals;

namespace {

/// After each test another run goes as if nothing had been, in a new host or
/// the same one, the server has no descriptor more, and nobody is left.
class hostile_test : public host_test {
protected:
  hostile_test() { restart(impatient()); }

  void SetUp() override {
    result_of("nothing");
    descriptors_ = open_descriptors();
  }

  void TearDown() override {
    EXPECT_EQ(result_of("nothing").kind, outcome_kind::succeeded);
    // Those of one host were there before.
    EXPECT_TRUE(soon([this] {
      return open_descriptors() + descriptors_of_a_host
             == descriptors_
                    + hosts().statistics().hosts * descriptors_of_a_host;
    })) << open_descriptors()
        << " instead of " << descriptors_;
  }

  outcome crash_of(const std::string& function,
                   execution_plan plan = a_plan()) {
    auto result = result_of(function, std::move(plan));
    EXPECT_EQ(result.kind, outcome_kind::crashed) << result.error;
    EXPECT_TRUE(result.process);
    return result;
  }

  /// Of a function that only a timeout ends.
  /// @param line what it logs when it has begun
  outcome timed_out(const std::string& function,
                    const std::string& line = "begun") {
    const auto what = a_run(function);
    auto hears = start(what);
    EXPECT_TRUE(hears.wait_for_line(line)) << function;
    hosts().stop(what.id, stop_reason::timeout);
    return hears.wait();
  }

  /// It heeded nothing else.
  static void expect_killed(const outcome& result) {
    EXPECT_EQ(result.kind, outcome_kind::timed_out);
    EXPECT_EQ(result.error,
              "did not stop within 200 ms, ignored SIGTERM, and was killed");
    ASSERT_TRUE(result.process);
    EXPECT_EQ(result.process->signal, SIGKILL);
  }

  static void expect_terminated(const outcome& result) {
    EXPECT_EQ(result.kind, outcome_kind::timed_out);
    EXPECT_EQ(result.error,
              "did not stop within 100 ms, and was ended with SIGTERM");
    ASSERT_TRUE(result.process);
    EXPECT_EQ(result.process->signal, SIGTERM);
  }

  static bool is_gone(pid_t pid) {
    return soon([pid] { return ::kill(pid, 0) != 0; });
  }

private:
  static constexpr std::size_t descriptors_of_a_host = 3;

  std::size_t descriptors_ = 0;
};

TEST_F(hostile_test, null_dereference_is_a_crash_with_a_trace) {
  const auto result = crash_of("null_dereference");
  EXPECT_EQ(result.error, "killed by signal 11 (SIGSEGV)");
  EXPECT_EQ(result.process->signal, SIGSEGV);
  EXPECT_GT(result.process->peak_memory, 1U << 20U);
  EXPECT_NE(result.process->output.find("crashed: SIGSEGV"), std::string::npos);
  EXPECT_NE(result.process->output.find("libhostile.so"), std::string::npos)
      << result.process->output;
}

TEST_F(hostile_test, abort_is_a_crash) {
  EXPECT_EQ(crash_of("abort").error, "killed by signal 6 (SIGABRT)");
}

TEST_F(hostile_test, exit_is_a_crash_even_with_0) {
  const auto zero = crash_of("exit_zero");
  EXPECT_EQ(zero.error,
            "ended its process with exit code 0 instead of returning");
  EXPECT_EQ(zero.process->exit_code, 0);
  const auto three = crash_of("exit_three");
  EXPECT_EQ(three.error,
            "ended its process with exit code 3 instead of returning");
  EXPECT_EQ(three.process->exit_code, 3);
  EXPECT_FALSE(three.process->signal);
  EXPECT_EQ(crash_of("exit_like_a_runner").error,
            "ended its process with exit code 113 instead of returning");
}

TEST_F(hostile_test, deep_recursion_is_a_crash_with_a_trace) {
  const auto result = crash_of("recurse");
  EXPECT_EQ(result.error, "killed by signal 11 (SIGSEGV)");
  EXPECT_NE(result.process->output.find("crashed: SIGSEGV"), std::string::npos);
}

TEST_F(hostile_test, throwing_is_a_failure) {
  EXPECT_EQ(result_of("throw_it").error, "thrown on purpose");
  EXPECT_EQ(result_of("throw_a_number").error, "unknown exception");
  EXPECT_EQ(hosts().statistics().started, 1U);
}

TEST_F(hostile_test, an_endless_loop_ends_at_its_timeout) {
  auto options = impatient();
  options.terminate_grace = 100ms;
  restart(options);
  expect_killed(timed_out("loop_for_ever"));
}

/// With limits.memory.
class hungry_test : public hostile_test {
protected:
  void SetUp() override {
    if (JOBQ_SANITIZED)
      GTEST_SKIP() << "sanitized memory is mapped in advance";
    hostile_test::SetUp();
    plan_.limits.memory = 128 << 20;
  }

  void TearDown() override {
    if (!JOBQ_SANITIZED)
      hostile_test::TearDown();
  }

  execution_plan plan_ = a_plan();
};

TEST_F(hungry_test, allocation_without_end_meets_its_limit) {
  const auto result = result_of("allocate_for_ever", plan_);
  EXPECT_EQ(result.kind, outcome_kind::failed);
  EXPECT_EQ(result.error, "out of memory");
}

TEST_F(hungry_test, an_exception_for_want_of_memory_names_the_limit) {
  const auto result = result_of("new_for_ever", plan_);
  EXPECT_EQ(result.kind, outcome_kind::failed);
  EXPECT_EQ(result.error,
            "std::bad_alloc (an allocation failed: limits.memory is 128 MiB)");
}

TEST_F(hungry_test, a_null_pointer_for_want_of_memory_hints_at_the_limit) {
  const auto result = crash_of("allocate_unchecked", plan_);
  EXPECT_EQ(result.error, "killed by signal 11 (SIGSEGV), close to its "
                          "limits.memory of 128 MiB");
  EXPECT_EQ(result.process->signal, SIGSEGV);
}

TEST_F(hungry_test, shared_memory_has_an_end_too) {
  const auto result = result_of("share_for_ever", plan_);
  EXPECT_EQ(result.kind, outcome_kind::failed);
  EXPECT_EQ(result.error, "Cannot allocate memory");
  EXPECT_LE(result.counters.at("MiB"), 4096 + 128);
}

TEST_F(hostile_test, output_without_end_is_bounded) {
  const auto before = resident();
  const auto result = timed_out("write_for_ever", "another line");
  expect_terminated(result);
  EXPECT_EQ(result.process->output.size(), 4096U);
  if (!JOBQ_SANITIZED) {
    EXPECT_LT(resident(), before + (16U << 20U));
  }
}

TEST_F(hostile_test, log_lines_without_end_are_bounded) {
  const auto before = resident();
  expect_terminated(timed_out("log_for_ever", "xxx"));
  if (!JOBQ_SANITIZED) {
    EXPECT_LT(resident(), before + (16U << 20U));
  }
}

TEST_F(hostile_test, a_fork_bomb_is_cleared_away) {
  const auto result = result_of("fork_bomb");
  EXPECT_EQ(result.kind, outcome_kind::succeeded);
  EXPECT_EQ(result.message, "forked");
  EXPECT_FALSE(result.process);
  EXPECT_TRUE(soon([this] { return only_hosts_are_left(); })) << processes();
}

TEST_F(hostile_test, processes_that_hop_are_caught) {
  const temporary_directory place;
  for (const auto* act : {"hop_pids", "hop_pids_and_die"}) {
    auto what = a_run(act);
    what.parameters["lock"] = place.path() / act;
    start(what).wait();
    const int file = ::open((place.path() / act).c_str(), O_RDWR | O_CLOEXEC);
    EXPECT_TRUE(soon([=] { return ::flock(file, LOCK_EX | LOCK_NB) == 0; }))
        << act;
    ::close(file);
  }
}

TEST_F(hostile_test, processes_left_with_no_descriptor_free_are_found) {
  const auto begun = std::chrono::steady_clock::now();
  const auto result = result_of("fork_with_files_open");
  EXPECT_EQ(result.kind, outcome_kind::succeeded);
  EXPECT_TRUE(is_gone(std::stoi(result.message)));
  if (!JOBQ_SANITIZED) {
    EXPECT_LT(std::chrono::steady_clock::now() - begun, 4s);
  }
}

TEST_F(hostile_test, a_daemon_does_not_outlive_its_run) {
  const auto result = result_of("daemonize");
  EXPECT_EQ(result.kind, outcome_kind::succeeded);
  const auto daemon = std::stoi(result.message);
  EXPECT_GT(daemon, 1);
  EXPECT_TRUE(is_gone(daemon));
}

TEST_F(hostile_test, a_daemon_does_not_outlive_a_crash) {
  auto hears = start(a_run("daemonize_and_die"));
  EXPECT_EQ(hears.wait().kind, outcome_kind::crashed);
  const auto line = hears.lines().at(0);
  EXPECT_TRUE(is_gone(std::stoi(line.substr(line.find(' ')))));
}

TEST_F(hostile_test, closed_descriptors_are_a_crash) {
  EXPECT_EQ(crash_of("close_all").error, "lost its connection with the server");
}

TEST_F(hostile_test, closed_descriptors_and_no_end_are_a_crash) {
  auto options = usual();
  options.host.silence_patience = 50ms;
  restart(options);
  EXPECT_EQ(
      crash_of("close_all_and_stay").error,
      "its job host was killed: it closed its connection with the server");
}

TEST_F(hostile_test, garbage_to_the_server_is_a_crash) {
  EXPECT_EQ(crash_of("write_garbage").error,
            "its job host was killed: it wrote garbage to its connection with "
            "the server");
}

TEST_F(hostile_test, stopping_itself_is_a_crash) {
  EXPECT_EQ(crash_of("stop_itself").error,
            "stopped itself with signal 19 (SIGSTOP), and was killed for it");
}

TEST_F(hostile_test, a_stopped_warden_is_woken) {
  expect_terminated(timed_out("stop_warden"));
  EXPECT_EQ(crash_of("stop_warden_and_die").error,
            "killed by signal 6 (SIGABRT)");
}

TEST_F(hostile_test, a_warden_killed_at_last_knows_no_cause) {
  const auto result = timed_out("kill_warden_at_sigterm");
  EXPECT_EQ(result.kind, outcome_kind::timed_out);
  EXPECT_EQ(
      result.error,
      "did not stop when it was asked to, and its job host was killed together "
      "with its warden");
  ASSERT_TRUE(result.process);
  EXPECT_FALSE(result.process->signal || result.process->exit_code);
}

TEST_F(hostile_test, a_killed_warden_takes_its_runner_along) {
  EXPECT_EQ(crash_of("kill_warden").error,
            "its job host was killed together with its warden");
}

TEST_F(hostile_test, a_daemon_whose_warden_was_killed_does_not_escape) {
  auto hears = start(a_run("daemonize_and_kill_warden"));
  EXPECT_EQ(hears.wait().error,
            "its job host was killed together with its warden");
  const auto line = hears.lines().at(0);
  EXPECT_TRUE(is_gone(std::stoi(line.substr(line.find(' ')))));
}

TEST_F(hostile_test, other_children_of_the_server_are_left_alone) {
  const auto other = ::fork();
  if (other == 0)
    for (;;)
      ::pause();
  crash_of("kill_warden");
  EXPECT_EQ(::waitpid(other, nullptr, WNOHANG), 0) << "it was killed";
  ::kill(other, SIGKILL);
  EXPECT_EQ(::waitpid(other, nullptr, 0), other);
}

TEST_F(hostile_test, open_files_end_at_their_limit) {
  if (JOBQ_SANITIZED)
    GTEST_SKIP() << "the sanitizer opens pipes for its checks";
  const auto result = result_of("open_files");
  EXPECT_EQ(result.kind, outcome_kind::succeeded);
  const auto opened = std::stoi(result.message);
  EXPECT_GT(opened, 900);
  EXPECT_LT(opened, 1024);
}

TEST_F(hostile_test, files_left_open_are_not_the_next_run_s) {
  for (const auto* act : {"open_files", "open_files_above"}) {
    EXPECT_EQ(result_of(act).kind, outcome_kind::succeeded);
    const auto next = result_of("open_a_file");
    EXPECT_EQ(next.kind, outcome_kind::succeeded) << act << next.error;
  }
  EXPECT_EQ(hosts().statistics().replaced, 2U);
}

TEST_F(hostile_test, processor_time_is_limited) {
  auto plan = a_plan();
  plan.limits.cpu_time = 1s;
  const auto result = crash_of("burn", plan);
  EXPECT_EQ(result.error,
            "used more processor time than limits.cpu_time allows");
}

} // namespace

} // namespace jobq
