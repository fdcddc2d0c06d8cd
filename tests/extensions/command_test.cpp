#include "extensions/command/command.hpp"

#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>

#include <gtest/gtest.h>

#include "tests/extensions/command_fixture.hpp"

namespace jobq {

using namespace std::chrono_literals;

namespace {

using reports = std::vector<std::pair<double, std::string>>;

class command_test : public test::command_test {};

} // namespace

// How it ends.

TEST_F(command_test, exit_code_0_is_success) {
  auto done = run({"/bin/true"});
  EXPECT_EQ(done.kind, outcome_kind::succeeded);
  EXPECT_EQ(done.message, "");
  ASSERT_TRUE(done.process.has_value());
  EXPECT_EQ(done.process.value().exit_code, 0);
  EXPECT_FALSE(done.process.value().signal.has_value());
  EXPECT_EQ(done.process.value().output, "");
}

TEST_F(command_test, any_other_exit_code_is_a_failure) {
  auto done = run_script("exit 7");
  EXPECT_EQ(done.kind, outcome_kind::failed);
  EXPECT_EQ(done.error, "exit code 7");
  EXPECT_TRUE(done.retryable);
  EXPECT_EQ(done.process.value().exit_code, 7);
}

TEST_F(command_test, exit_code_75_asks_for_a_retry) {
  auto done = run_script("exit 75");
  EXPECT_EQ(done.kind, outcome_kind::failed);
  EXPECT_EQ(done.error, "asks for a retry (exit code 75)");
  EXPECT_TRUE(done.retryable);
  EXPECT_TRUE(done.asks_retry);
  EXPECT_FALSE(run_script("exit 74").asks_retry);
}

TEST_F(command_test, the_limit_of_processor_time_is_told) {
  const std::string burn = "ulimit -c 0; while :; do :; done";
  rlimit before{};
  rusage used{};
  ::getrlimit(RLIMIT_CPU, &before);
  ::getrusage(RUSAGE_SELF, &used);
  auto little = before;
  // This process is bound by it as well.
  const auto micros = used.ru_utime.tv_usec + used.ru_stime.tv_usec;
  little.rlim_cur = static_cast<rlim_t>(
      used.ru_utime.tv_sec + used.ru_stime.tv_sec + micros / 1'000'000 + 2);
  ::setrlimit(RLIMIT_CPU, &little);
  const auto over = run_script(burn);
  const auto killed = run_script("kill -KILL $$");
  ::setrlimit(RLIMIT_CPU, &before);
  EXPECT_EQ(over.kind, outcome_kind::failed);
  EXPECT_EQ(over.error, "used more processor time than limits.cpu_time allows "
                        "(killed by signal 24 (SIGXCPU))");
  EXPECT_EQ(killed.error, "killed by signal 9 (SIGKILL)");
  EXPECT_EQ(run_script("ulimit -S -t 1; " + burn).error,
            "killed by signal 24 (SIGXCPU)")
      << "a limit of its own";
}

TEST_F(command_test, a_signal_is_a_failure_that_names_it) {
  auto done = run_script("kill -KILL $$");
  EXPECT_EQ(done.kind, outcome_kind::failed);
  EXPECT_EQ(done.error, "killed by signal 9 (SIGKILL)");
  EXPECT_TRUE(done.retryable);
  EXPECT_EQ(done.process.value().signal, 9);
  EXPECT_FALSE(done.process.value().exit_code.has_value());
  EXPECT_EQ(run_script("ulimit -c 0; kill -SEGV $$").error,
            "killed by signal 11 (SIGSEGV)");
  EXPECT_EQ(run_script("kill -40 $$").error, "killed by signal 40");
}

TEST_F(command_test, peak_memory_is_measured) {
  auto done = run({"dd", "if=/dev/zero", "of=/dev/null", "bs=64M", "count=1"});
  EXPECT_EQ(done.error, "");
  EXPECT_GT(done.process.value().peak_memory, std::uint64_t{64} << 20);
}

TEST_F(command_test, an_end_that_somebody_else_collected_is_told) {
  struct sigaction ignore {};
  struct sigaction before {};
  ignore.sa_handler = SIG_IGN;
  ::sigaction(SIGCHLD, &ignore, &before);
  auto done = run({"true"});
  ::sigaction(SIGCHLD, &before, nullptr);
  EXPECT_EQ(done.kind, outcome_kind::failed);
  EXPECT_EQ(done.error, "how the program ended is not known");
  EXPECT_FALSE(done.process.has_value());
}

TEST_F(command_test, ends_are_noticed_without_pidfd) {
  options_.use_pidfd = false;
  EXPECT_EQ(run_script("exec 3>&-; read x; exit 3").error, "exit code 3");
}

// What it says.

TEST_F(command_test, progress_and_results_come_on_the_control_descriptor) {
  auto done = run_script(
      "[ $JOBQ_CONTROL_FD = 3 ] || exit 1\n"
      "echo '{\"progress\": 0.4, \"message\": \"reading\"}' >&3\n"
      "echo '{\"counters\": {\"rows\": 5}, \"items_processed\": 5}' >&3\n"
      "printf '{\"result\":\"5 rows\"}' >&3");
  EXPECT_EQ(done.kind, outcome_kind::succeeded);
  EXPECT_EQ(done.message, "5 rows");
  EXPECT_EQ(done.items_processed, 5u);
  EXPECT_EQ(done.counters, (std::map<std::string, std::int64_t>{{"rows", 5}}));
  EXPECT_EQ(context_.reports, (reports{{0.4, "reading"}}));
}

TEST_F(command_test, a_failure_keeps_its_results) {
  auto done = run_script("echo '{\"items_failed\":2,\"message\":\"m\"}' >&3; "
                         "exit 1");
  EXPECT_EQ(done.error, "exit code 1");
  EXPECT_EQ(done.message, "m");
  EXPECT_EQ(done.items_failed, 2u);
}

TEST_F(command_test, progress_arrives_while_it_works) {
  context_.stop_on_progress();
  auto done = run_script(test::ready + "exec sleep 1000");
  EXPECT_EQ(done.kind, outcome_kind::interrupted);
}

TEST_F(command_test, garbage_is_warned_of_and_harms_nothing) {
  auto done = run_script("head -c 300000 /dev/urandom >&3; echo >&3;"
                         "echo '{\"result\":\"fine\"}' >&3");
  EXPECT_EQ(done.kind, outcome_kind::succeeded);
  EXPECT_EQ(done.message, "fine");
  EXPECT_GE(context_.warnings.size(), 1u);
  EXPECT_LE(context_.warnings.size(), 2u);
}

TEST_F(command_test, a_flood_of_lines_is_read_to_its_end) {
  auto done
      = run_script("seq 100000 | sed 's/.*/{\"progress\":0.5,\"message\":\"&\","
                   "\"items_processed\":&,\"counters\":{\"c&\":&}}/' >&3");
  EXPECT_EQ(done.error, "");
  EXPECT_EQ(done.items_processed, 100000u);
  EXPECT_EQ(done.counters.size(), 100u);
  EXPECT_EQ(context_.warnings.size(), 1u);
  ASSERT_FALSE(context_.reports.empty());
  EXPECT_EQ(context_.reports.back().second, "100000");
  EXPECT_LT(context_.reports.size(), 10000u);
}

TEST_F(command_test, a_flood_does_not_grow_memory) {
  auto resident = [] {
    std::ifstream file{"/proc/self/statm"};
    long total = 0;
    long pages = 0;
    file >> total >> pages;
    return pages * ::sysconf(_SC_PAGESIZE);
  };
  auto before = resident();
  long most = 0;
  context_.stop = [&] {
    most = std::max(most, resident() - before);
    return false;
  };
  // Sanitized code takes half a minute for more.
  const std::string size = JOBQ_SANITIZED ? "1M" : "16M";
  auto done = run_script("head -c " + size
                         + " /dev/zero | tr '\\0' x >&3; "
                           "echo >&3; yes '{\"result\":\"x\"}' | head -c "
                         + size + " >&3");
  EXPECT_EQ(done.message, "x");
  EXPECT_EQ(context_.warnings.size(), 1u);
  if (!JOBQ_SANITIZED) {
    EXPECT_LT(most, 8 << 20);
  }
}

TEST_F(command_test, the_control_descriptor_may_be_closed) {
  context_.stop = [this] { return context_.asked > 20; };
  auto done = run_script("exec 3>&-; exec sleep 1000");
  EXPECT_EQ(done.kind, outcome_kind::interrupted);
}

TEST_F(command_test, a_process_in_the_background_is_not_waited_for) {
  auto done = run_script("sleep 1000 & echo $!; "
                         "echo '{\"result\":\"left\"}' >&3; exit 0");
  EXPECT_EQ(done.kind, outcome_kind::succeeded);
  EXPECT_EQ(done.message, "left");
  auto id = static_cast<pid_t>(std::stol(output()));
  EXPECT_EQ(::kill(id, SIGKILL), 0) << "it goes on";
}

TEST_F(command_test, a_process_in_the_background_is_not_listened_to) {
  auto done = run_script("yes '{\"progress\":0.1}' >&3 2>/dev/null & echo $!; "
                         "exit 0");
  EXPECT_EQ(done.kind, outcome_kind::succeeded);
}

// As an entry.

TEST_F(command_test, the_entry_runs_what_it_is_told) {
  auto entry = command_function([](const job_context& context) {
    command_line what;
    what.argv = {"/bin/sh", "-c", "exit $JOBQ_PARAM_CODE"};
    EXPECT_EQ(context.job(), "report");
    return result<command_line>{what};
  });
  context_.given = {{"code", "4"}};
  EXPECT_EQ(entry.extension, "command");
  EXPECT_EQ(entry.name, "exec");
  EXPECT_EQ(check_parameters(entry, context_.given), "");
  EXPECT_EQ(entry.call(context_).error, "exit code 4");
}

TEST_F(command_test, the_entry_fails_for_good_without_a_command_line) {
  auto entry = command_function([](const job_context&) -> result<command_line> {
    return fail(errc::not_found, "no job \"report\"");
  });
  expect_unstartable(entry.call(context_), "no job \"report\"");
}

TEST_F(command_test, the_entry_can_be_listed_without_a_source) {
  EXPECT_FALSE(command_function(nullptr).call);
}

} // namespace jobq
