#include <signal.h>
#include <sys/resource.h>

#include <algorithm>
#include <thread>

#include "tests/extensions/host/cgroup_fixture.hpp"
#include "tests/extensions/host/host_fixture.hpp"

namespace jobq {

using namespace std::chrono_literals;

namespace {

class process_executor_test : public host_test {};

bool has(const std::vector<std::string>& lines, const std::string& line) {
  return std::ranges::find(lines, line) != lines.end();
}

TEST_F(process_executor_test, tells_all_that_a_function_says) {
  auto what = a_run("look_around");
  what.parameters["text"] = "given";
  auto hears = start(what);
  const auto result = hears.wait();
  EXPECT_EQ(result.kind, outcome_kind::succeeded) << result.error;
  EXPECT_EQ(result.message, "looked");
  EXPECT_EQ(result.items_processed, 7U);
  EXPECT_EQ(result.items_failed, 2U);
  EXPECT_TRUE(result.counters.contains("pid"));
  EXPECT_EQ(hears.fraction(), 0.5);
  EXPECT_EQ(hears.progress(), "half");
  EXPECT_TRUE(has(hears.lines(), "parameter given"));
  EXPECT_TRUE(has(hears.lines(), "job job"));
  EXPECT_TRUE(has(hears.lines(), "printed"));
  EXPECT_EQ(hears.ends(), 1);
}

TEST_F(process_executor_test, tells_a_function_all_of_its_run) {
  auto what = a_run("look_around");
  what.attempt = 3;
  what.nominal_time = time_point{1'000ms};
  what.started_at = time_point{2'000ms};
  what.timeout = 5'000ms;
  what.enforce = false;
  auto hears = start(what);
  EXPECT_EQ(hears.wait().kind, outcome_kind::succeeded);
  for (const auto& line :
       {"run " + what.id.to_string(), std::string{"function look_around"},
        std::string{"attempt 3"}, std::string{"nominal 1000"},
        std::string{"started 2000"}, std::string{"deadline 7000"},
        std::string{"only reports"}})
    EXPECT_TRUE(has(hears.lines(), line)) << line;
}

TEST_F(process_executor_test, tells_a_function_what_its_run_does_not_have) {
  auto hears = start(a_run("look_around"));
  hears.wait();
  for (const auto* line :
       {"attempt 1", "nominal none", "deadline none", "enforces"})
    EXPECT_TRUE(has(hears.lines(), line)) << line;
}

TEST_F(process_executor_test, a_line_keeps_its_level) {
  auto hears = start(a_run("look_around"));
  hears.wait();
  using levels = std::vector<log_level>;
  EXPECT_EQ(hears.levels_of("debug line"), levels{log_level::debug});
  EXPECT_EQ(hears.levels_of("job job"), levels{log_level::info});
  EXPECT_EQ(hears.levels_of("warning line"), levels{log_level::warning});
  EXPECT_EQ(hears.levels_of("error line"), levels{log_level::error});
  EXPECT_EQ(hears.levels_of("printed"), levels{log_level::info});
}

TEST_F(process_executor_test, cuts_counters_that_are_too_many_or_too_long) {
  const auto result = result_of("count_much");
  EXPECT_EQ(result.kind, outcome_kind::succeeded) << result.error;
  EXPECT_EQ(result.counters.size(), 1000U);
  for (const auto& [name, value] : result.counters)
    EXPECT_EQ(name,
              (std::to_string(value) + std::string(100, 'n')).substr(0, 100));
}

TEST_F(process_executor_test, fills_in_default_parameters) {
  auto hears = start(a_run("look_around"));
  hears.wait();
  EXPECT_TRUE(has(hears.lines(), "parameter default"));
}

TEST_F(process_executor_test, refuses_parameters_that_the_function_lacks) {
  auto what = a_run("look_around");
  what.parameters["txet"] = "x";
  const auto result = start(what).wait();
  EXPECT_EQ(result.kind, outcome_kind::failed);
  EXPECT_FALSE(result.retryable);
  EXPECT_EQ(result.error, "unknown parameter \"txet\", did you mean \"text\"?");
}

TEST_F(process_executor_test, gives_a_host_few_descriptors_and_names) {
  ::setenv("SECRET", "x", 1);
  auto hears = start(a_run("look_around"));
  hears.wait();
  ::unsetenv("SECRET");
  EXPECT_TRUE(has(hears.lines(), "descriptors 0 1 2 4"));
  for (const auto& line : hears.lines())
    EXPECT_FALSE(line.starts_with("environment SECRET")) << line;
}

TEST_F(process_executor_test, a_host_dumps_no_core_to_a_pipe_either) {
  rlimit now{};
  ::getrlimit(RLIMIT_CORE, &now);
  if (now.rlim_max == 0)
    GTEST_SKIP() << "no limit can be raised here";
  auto hears = start(a_run("look_around"));
  hears.wait();
  // Which the kernel takes for a word (core(5)).
  EXPECT_TRUE(has(hears.lines(), "core dumps 1 of 1"));
}

TEST_F(process_executor_test, uses_a_host_for_many_runs) {
  const auto first = result_of("look_around").counters["pid"];
  const auto second = result_of("look_around").counters["pid"];
  EXPECT_EQ(first, second);
  EXPECT_EQ(hosts().statistics().started, 1U);
}

TEST_F(process_executor_test, replaces_a_host_after_its_runs) {
  auto options = usual();
  options.max_runs = 2;
  restart(options);
  for (int i = 0; i < 6; ++i)
    result_of("nothing");
  EXPECT_EQ(hosts().statistics().started, 3U);
  EXPECT_EQ(hosts().statistics().replaced, 3U);
}

TEST_F(process_executor_test, replaces_a_host_that_grew) {
  auto options = usual();
  options.max_memory = 1;
  restart(options);
  result_of("nothing");
  result_of("nothing");
  EXPECT_EQ(hosts().statistics().started, 2U);
}

TEST_F(process_executor_test, replaces_a_host_with_a_thread_too_many) {
  EXPECT_EQ(result_of("leave_a_thread").kind, outcome_kind::succeeded);
  result_of("nothing");
  EXPECT_EQ(hosts().statistics().started, 2U);
}

TEST_F(process_executor_test, replaces_a_host_with_a_timer_too_many) {
  EXPECT_EQ(result_of("leave_a_timer").kind, outcome_kind::succeeded);
  result_of("nothing");
  EXPECT_EQ(hosts().statistics().started, 2U);
}

TEST_F(process_executor_test, the_next_run_finds_signals_as_they_were) {
  EXPECT_EQ(result_of("leave_signals").kind, outcome_kind::succeeded);
  const auto next = result_of("find_signals");
  EXPECT_EQ(next.kind, outcome_kind::succeeded) << next.error;
  EXPECT_EQ(hosts().statistics().started, 1U);
}

TEST_F(process_executor_test, no_run_gets_the_sigterm_of_another) {
  restart(impatient());
  const auto what = a_run("obey_sigterm");
  auto hears = start(what);
  EXPECT_TRUE(hears.wait_for_line("begun"));
  hosts().stop(what.id, stop_reason::timeout);
  const auto result = hears.wait();
  EXPECT_EQ(result.kind, outcome_kind::timed_out);
  EXPECT_EQ(result.message, "obeyed");
  EXPECT_EQ(result_of("nothing").kind, outcome_kind::succeeded);
  EXPECT_EQ(hosts().statistics().started, 2U);
}

TEST_F(process_executor_test, gives_up_hosts_that_nobody_needs) {
  auto options = usual();
  options.max_idle = 20ms;
  restart(options);
  result_of("nothing");
  EXPECT_TRUE(soon([] { return processes() == 0; }));
  EXPECT_EQ(result_of("nothing").kind, outcome_kind::succeeded);
}

TEST_F(process_executor_test, runs_as_many_at_once_as_it_has_hosts) {
  auto options = usual();
  options.max_hosts = 2;
  restart(options);
  const auto one = a_run("obey");
  const auto two = a_run("obey");
  auto first = start(one);
  auto second = start(two);
  auto third = start(a_run("nothing"));
  EXPECT_TRUE(first.wait_for_line("begun"));
  EXPECT_TRUE(second.wait_for_line("begun"));
  EXPECT_EQ(third.ends(), 0);
  hosts().stop(one.id, stop_reason::cancel);
  EXPECT_EQ(first.wait().kind, outcome_kind::cancelled);
  EXPECT_EQ(third.wait().kind, outcome_kind::succeeded);
  hosts().stop(two.id, stop_reason::cancel);
  second.wait();
}

TEST_F(process_executor_test, says_of_a_timeout_that_it_never_had_a_host) {
  auto options = usual();
  options.max_hosts = 1;
  restart(options);
  const auto busy = a_run("obey");
  auto first = start(busy);
  EXPECT_TRUE(first.wait_for_line("begun"));
  const auto late = a_run("nothing");
  auto second = start(late);
  hosts().stop(late.id, stop_reason::timeout);
  const auto result = second.wait();
  EXPECT_EQ(result.kind, outcome_kind::timed_out);
  EXPECT_EQ(result.error, "no job host was free for it in time");
  hosts().stop(busy.id, stop_reason::cancel);
  first.wait();
}

TEST_F(process_executor_test, one_host_serves_many_runs_that_wait) {
  auto options = usual();
  options.max_hosts = 1;
  restart(options);
  std::vector<hearing> all;
  for (int i = 0; i < 100; ++i)
    all.push_back(start(a_run("nothing")));
  for (auto& each : all)
    EXPECT_EQ(each.wait().kind, outcome_kind::succeeded);
  EXPECT_EQ(hosts().statistics().started, 1U);
}

TEST_F(process_executor_test, another_number_of_hosts_holds_at_once) {
  const auto one = a_run("obey");
  const auto two = a_run("obey");
  auto first = start(one);
  auto second = start(two);
  EXPECT_TRUE(first.wait_for_line("begun"));
  EXPECT_TRUE(second.wait_for_line("begun"));
  hosts().allow(1);
  EXPECT_EQ(hosts().statistics().hosts, 2U) << "both are busy";
  auto third = start(a_run("nothing"));
  hosts().stop(one.id, stop_reason::cancel);
  first.wait();
  EXPECT_EQ(hosts().statistics().hosts, 1U);
  EXPECT_EQ(third.ends(), 0) << "the host that is left is busy";
  hosts().allow(2);
  EXPECT_EQ(third.wait().kind, outcome_kind::succeeded);
  EXPECT_EQ(hosts().statistics().max_hosts, 2U);
  hosts().stop(two.id, stop_reason::cancel);
  second.wait();
  hosts().allow(1);
  EXPECT_EQ(hosts().statistics().hosts, 1U) << "an idle one goes";
}

TEST_F(process_executor_test, hosts_of_other_limits_are_other_hosts) {
  auto options = usual();
  options.max_hosts = 1;
  restart(options);
  auto limited = a_plan();
  limited.limits.memory = 64 << 20;
  result_of("nothing");
  EXPECT_EQ(result_of("nothing", limited).kind, outcome_kind::succeeded);
  EXPECT_EQ(hosts().statistics().started, 2U);
  EXPECT_EQ(hosts().statistics().hosts, 1U);
}

TEST_F(process_executor_test, stops_for_the_reason_given) {
  for (const auto& [why, kind] :
       {std::pair{stop_reason::cancel, outcome_kind::cancelled},
        std::pair{stop_reason::timeout, outcome_kind::timed_out},
        std::pair{stop_reason::shutdown, outcome_kind::interrupted}}) {
    const auto what = a_run("obey");
    auto hears = start(what);
    EXPECT_TRUE(hears.wait_for_line("begun"));
    hosts().stop(what.id, why);
    const auto result = hears.wait();
    EXPECT_EQ(result.kind, kind);
    EXPECT_EQ(result.message, "obeyed");
  }
  EXPECT_EQ(hosts().statistics().started, 1U);
}

TEST_F(process_executor_test, ends_with_sigterm_what_does_not_obey) {
  restart(impatient());
  const auto what = a_run("sleep_for_ever");
  auto hears = start(what);
  EXPECT_TRUE(hears.wait_for_line("begun"));
  hosts().stop(what.id, stop_reason::timeout);
  const auto result = hears.wait();
  EXPECT_EQ(result.kind, outcome_kind::timed_out);
  EXPECT_EQ(result.error,
            "did not stop within 100 ms, and was ended with SIGTERM");
  ASSERT_TRUE(result.process);
  EXPECT_EQ(result.process->signal, SIGTERM);
}

TEST_F(process_executor_test, kills_what_ignores_sigterm) {
  auto options = impatient();
  options.terminate_grace = 100ms;
  restart(options);
  const auto what = a_run("loop_for_ever");
  auto hears = start(what);
  EXPECT_TRUE(hears.wait_for_line("begun"));
  hosts().stop(what.id, stop_reason::cancel);
  const auto result = hears.wait();
  EXPECT_EQ(result.kind, outcome_kind::cancelled);
  EXPECT_EQ(result.error,
            "did not stop within 200 ms, ignored SIGTERM, and was killed");
}

TEST_F(process_executor_test, kills_without_asking_what_has_to_make_way) {
  const auto what = a_run("obey");
  auto hears = start(what);
  EXPECT_TRUE(hears.wait_for_line("begun"));
  hosts().stop(what.id, stop_reason::terminate);
  const auto result = hears.wait();
  EXPECT_EQ(result.kind, outcome_kind::cancelled);
  EXPECT_EQ(result.error, "killed to make way for the next run "
                          "(overlap_policy: terminate_other)");
  ASSERT_TRUE(result.process);
  EXPECT_EQ(result.process->signal, SIGKILL);
}

TEST_F(process_executor_test, obeys_two_orders_at_once) {
  auto options = impatient();
  options.terminate_grace = 0ms;
  restart(options);
  for (int i = 0; i < 5; ++i) {
    const auto what = a_run("loop_for_ever");
    auto hears = start(what);
    EXPECT_TRUE(hears.wait_for_line("begun"));
    hosts().stop(what.id, stop_reason::cancel);
    EXPECT_EQ(hears.wait().error,
              "did not stop within 100 ms, ignored SIGTERM, and was killed");
  }
}

TEST_F(process_executor_test, a_stop_that_nobody_asked_for_is_a_failure) {
  const auto result = result_of("stop_unasked");
  EXPECT_EQ(result.kind, outcome_kind::failed);
}

TEST_F(process_executor_test, tells_snoozes_and_lasting_failures) {
  const auto snoozed = result_of("snooze_it");
  EXPECT_EQ(snoozed.kind, outcome_kind::snoozed);
  EXPECT_EQ(snoozed.snooze, 5s);
  const auto discarded = result_of("discard_it");
  EXPECT_EQ(discarded.kind, outcome_kind::failed);
  EXPECT_FALSE(discarded.retryable);
  EXPECT_EQ(discarded.error, "for good");
}

TEST_F(process_executor_test, interrupts_what_runs_when_it_ends) {
  auto options = impatient();
  options.terminate_grace = 100ms;
  restart(options);
  auto obedient = start(a_run("obey"));
  auto deaf = start(a_run("loop_for_ever"));
  EXPECT_TRUE(obedient.wait_for_line("begun"));
  EXPECT_TRUE(deaf.wait_for_line("begun"));
  hosts_.reset();
  EXPECT_EQ(obedient.wait().kind, outcome_kind::interrupted);
  EXPECT_EQ(deaf.wait().kind, outcome_kind::interrupted);
}

TEST_F(process_executor_test, begins_nothing_that_waits_when_it_ends) {
  auto options = usual();
  options.max_hosts = 1;
  restart(options);
  auto running = start(a_run("obey"));
  EXPECT_TRUE(running.wait_for_line("begun"));
  std::vector<hearing> waiting;
  for (int i = 0; i < 3; ++i)
    waiting.push_back(start(a_run("obey")));
  hosts_.reset();
  EXPECT_EQ(running.wait().kind, outcome_kind::interrupted);
  for (auto& each : waiting) {
    EXPECT_EQ(each.wait().kind, outcome_kind::interrupted);
    EXPECT_TRUE(each.lines().empty());
  }
}

TEST_F(process_executor_test, tells_built_in_functions_their_setup) {
  auto what = a_run("echo");
  what.extension = "test";
  EXPECT_EQ(start(what, {{}, 0, {}, "hello"}).wait().message, "test:hello");
  what.id = run_id::random(time_point{2s});
  const auto result = start(what, {{}, 0, {}, "broken"}).wait();
  EXPECT_EQ(result.kind, outcome_kind::failed);
  EXPECT_EQ(result.error, "the setup is broken");
}

TEST_F(process_executor_test, a_missing_program_makes_runs_wait) {
  auto options = usual();
  options.host.program = "/nowhere/jobq-host";
  std::mutex mutex;
  std::vector<std::string> said;
  options.log = [&](log_level, const std::string& line) {
    const std::lock_guard lock{mutex};
    said.push_back(line);
  };
  restart(options);
  const auto what = a_run("nothing");
  auto hears = start(what);
  EXPECT_TRUE(soon([this] { return hosts().statistics().not_started >= 2; }));
  EXPECT_LE(hosts().statistics().not_started, 6U);
  hosts().stop(what.id, stop_reason::timeout);
  const auto result = hears.wait();
  EXPECT_EQ(result.kind, outcome_kind::timed_out);
  EXPECT_EQ(result.error, "no job host could be started: can't start "
                          "/nowhere/jobq-host: No such file or directory");
  const std::lock_guard lock{mutex};
  EXPECT_EQ(said.size(), 1U);
}

TEST_F(process_executor_test, a_program_that_is_no_host_makes_runs_wait) {
  auto options = usual();
  options.host.program = "/bin/false";
  restart(options);
  const auto what = a_run("nothing");
  auto hears = start(what);
  EXPECT_TRUE(soon([this] { return hosts().statistics().not_started >= 2; }));
  hosts().stop(what.id, stop_reason::cancel);
  EXPECT_EQ(hears.wait().kind, outcome_kind::cancelled);
}

TEST_F(process_executor_test, a_stop_while_a_host_fails_to_begin_is_no_crash) {
  const temporary_directory folder;
  const auto program = folder.path() / "host";
  fake_groups::put(program, "#!/bin/sh\n"
                            "until [ -e \"${0%/*}/fail\" ]; do\n"
                            "  sleep 0.01\n"
                            "done\n"
                            "exit 1\n");
  std::filesystem::permissions(program, std::filesystem::perms::owner_all);
  auto options = usual();
  options.host.program = program;
  restart(options);
  const auto what = a_run("nothing");
  auto hears = start(what);
  hosts().stop(what.id, stop_reason::cancel);
  EXPECT_EQ(hosts().statistics().started, 1U) << "the host is still there";
  EXPECT_EQ(hears.ends(), 0);
  fake_groups::put(folder.path() / "fail", "");
  const auto result = hears.wait();
  EXPECT_EQ(result.kind, outcome_kind::cancelled);
  EXPECT_EQ(result.error, "no job host could be started: the job host died "
                          "before it had begun");
  EXPECT_EQ(hosts().statistics().crashed, 0U);
  EXPECT_EQ(hosts().statistics().not_started, 1U);
}

TEST_F(process_executor_test, a_program_that_never_begins_makes_runs_wait) {
  const temporary_directory folder;
  const auto program = folder.path() / "host";
  fake_groups::put(program, "#!/bin/sh\nexec sleep 1000\n");
  std::filesystem::permissions(program, std::filesystem::perms::owner_all);
  auto options = usual();
  options.host.program = program;
  options.hello_patience = 50ms;
  options.host.kill_patience = 50ms; // it has no warden that would obey
  restart(options);
  const auto what = a_run("nothing");
  auto hears = start(what);
  EXPECT_TRUE(soon([this] { return hosts().statistics().not_started >= 1; }));
  EXPECT_EQ(hosts().statistics().failure,
            "the job host did not begin within 50 ms");
  hosts().stop(what.id, stop_reason::cancel);
  EXPECT_EQ(hears.wait().kind, outcome_kind::cancelled);
}

TEST_F(process_executor_test, a_host_that_has_begun_is_not_hurried) {
  auto options = usual();
  options.hello_patience = 1s;
  restart(options);
  const auto what = a_run("obey");
  auto hears = start(what);
  EXPECT_TRUE(hears.wait_for_line("begun"));
  // On a busy machine the first ones may be late.
  const auto not_started = hosts().statistics().not_started;
  std::this_thread::sleep_for(1100ms);
  hosts().stop(what.id, stop_reason::cancel);
  EXPECT_EQ(hears.wait().message, "obeyed");
  EXPECT_EQ(hosts().statistics().not_started, not_started);
}

TEST_F(process_executor_test, without_descriptors_runs_wait_and_then_go_on) {
  if (JOBQ_SANITIZED)
    GTEST_SKIP() << "the sanitizer opens pipes for its checks";
  rlimit before{};
  ::getrlimit(RLIMIT_NOFILE, &before);
  auto none = before;
  none.rlim_cur = 3;
  ::setrlimit(RLIMIT_NOFILE, &none);
  auto hears = start(a_run("nothing"));
  const bool failed
      = soon([this] { return hosts().statistics().not_started >= 2; });
  const auto told = hosts().statistics();
  ::setrlimit(RLIMIT_NOFILE, &before);
  EXPECT_TRUE(failed);
  EXPECT_LE(told.not_started, 6U) << "it does not spin";
  EXPECT_NE(told.failure.find("Too many open files"), std::string::npos)
      << told.failure;
  EXPECT_EQ(hears.wait().kind, outcome_kind::succeeded);
  EXPECT_EQ(hosts().statistics().failure, "");
}

TEST_F(process_executor_test, runs_go_on_when_hosts_can_be_started_again) {
  const temporary_directory folder;
  auto options = usual();
  const auto program = options.host.program;
  options.host.program = folder.path() / "host";
  restart(options);
  auto hears = start(a_run("nothing"));
  EXPECT_TRUE(soon([this] { return hosts().statistics().not_started >= 1; }));
  std::filesystem::create_symlink(program, options.host.program);
  EXPECT_EQ(hears.wait().kind, outcome_kind::succeeded);
  EXPECT_EQ(hosts().statistics().failure, "");
}

TEST_F(process_executor_test, a_library_that_is_gone_fails_its_runs_alone) {
  auto missing = a_plan();
  missing.library = "/nowhere/lib.so";
  const auto result = result_of("nothing", missing);
  EXPECT_EQ(result.kind, outcome_kind::failed);
  EXPECT_FALSE(result.retryable);
  EXPECT_TRUE(result.error.starts_with("/nowhere/lib.so: can't be opened"))
      << result.error;
  EXPECT_EQ(result_of("nothing").kind, outcome_kind::succeeded);
}

} // namespace

} // namespace jobq
