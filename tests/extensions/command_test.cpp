#include "extensions/command/command.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include <gtest/gtest.h>

#include "tests/extensions/command_fixture.hpp"

namespace jobq {

using namespace std::chrono_literals;

namespace {

using namespace std::string_literals;
using steady = std::chrono::steady_clock;
using reports = std::vector<std::pair<double, std::string>>;

class command_test : public test::command_test {
protected:
  void expect_unstartable(const outcome& done, const std::string& error) {
    EXPECT_EQ(done.kind, outcome_kind::failed);
    EXPECT_EQ(done.error, error);
    EXPECT_FALSE(done.retryable);
    EXPECT_FALSE(done.process.has_value());
  }
};

/// Says that it is ready to be stopped.
const std::string ready = "echo '{\"progress\":0.5}' >&3; ";

/// A descriptor of this process under another number, for a while.
class renumbered {
public:
  explicit renumbered(int number)
      : number_{number}, kept_{::fcntl(number, F_DUPFD_CLOEXEC, 100)} {
    ::close(number);
  }
  ~renumbered() {
    if (kept_ < 0)
      return;
    ::dup2(kept_, number_);
    ::close(kept_);
  }

private:
  int number_;
  int kept_;
};

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

// What it gets.

TEST_F(command_test, output_and_errors_go_where_they_are_told) {
  EXPECT_EQ(run_script("echo out; echo err >&2").error, "");
  EXPECT_EQ(output(), "out\n");
  EXPECT_EQ(errors(), "err\n");
}

TEST_F(command_test, output_is_the_callers_by_default) {
  test::output_file file;
  {
    renumbered out{STDOUT_FILENO};
    ::dup2(file.number(), STDOUT_FILENO);
    what_.argv = {"echo", "hello"};
    run_command(context_, what_);
  }
  EXPECT_EQ(file.text(), "hello\n");
}

TEST_F(command_test, output_and_errors_may_change_places) {
  test::output_file one;
  test::output_file two;
  {
    renumbered out{STDOUT_FILENO};
    renumbered err{STDERR_FILENO};
    ::dup2(one.number(), STDOUT_FILENO);
    ::dup2(two.number(), STDERR_FILENO);
    what_.argv = {"/bin/sh", "-c", "echo out; echo err >&2"};
    options_.standard_output = STDERR_FILENO;
    options_.standard_error = STDOUT_FILENO;
    run_command(context_, what_, options_);
  }
  EXPECT_EQ(one.text(), "err\n");
  EXPECT_EQ(two.text(), "out\n");
}

TEST_F(command_test, arguments_are_not_read_by_a_shell) {
  EXPECT_EQ(run({"printf", "%s|", "$HOME", "*", "a b", "", "`id`;\n"}).error,
            "");
  EXPECT_EQ(output(), "$HOME|*|a b||`id`;\n|");
}

TEST_F(command_test, standard_input_is_empty) {
  EXPECT_EQ(run_script("cat; readlink /proc/$$/fd/0").error, "");
  EXPECT_EQ(output(), "/dev/null\n");
}

TEST_F(command_test, four_descriptors_are_open) {
  const std::string list = "i=0; while [ $i -lt 300 ]; do "
                           "[ -e /proc/$$/fd/$i ] && echo $i; i=$((i+1)); "
                           "done; readlink /proc/$$/fd/3 | cut -c 1-5";
  // One that nobody has marked close-on-exec.
  int leak = ::fcntl(STDERR_FILENO, F_DUPFD, 200);
  EXPECT_EQ(run_script(list).error, "");
  ::close(leak);
  EXPECT_EQ(output(), "0\n1\n2\n3\npipe:\n");
}

TEST_F(command_test, the_callers_numbers_do_not_matter) {
  for (int number : {0, 1, 2, 3, 4}) {
    context_.reports.clear();
    renumbered away{number};
    auto done = run_script(ready + "cat && echo done && echo err >&2");
    EXPECT_EQ(done.error, "");
    EXPECT_EQ(context_.reports, (reports{{0.5, ""}}));
  }
  EXPECT_EQ(output(), "done\ndone\ndone\ndone\ndone\n");
}

TEST_F(command_test, the_caller_keeps_no_descriptor) {
  auto next_free = [] {
    int number = ::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0);
    ::close(number);
    return number;
  };
  int before = next_free();
  run_script("true");
  run({"/no/such/program"});
  EXPECT_EQ(next_free(), before);
}

TEST_F(command_test, signals_are_as_in_a_new_session) {
  sigset_t some;
  sigset_t before;
  ::sigemptyset(&some);
  ::sigaddset(&some, SIGTERM);
  ::sigaddset(&some, SIGUSR1);
  ::pthread_sigmask(SIG_BLOCK, &some, &before);
  auto old_pipe = ::signal(SIGPIPE, SIG_IGN);
  auto old_interrupt = ::signal(SIGINT, SIG_IGN);
  auto done = run({"grep", "-E", "^Sig(Blk|Ign)", "/proc/self/status"});
  ::signal(SIGPIPE, old_pipe);
  ::signal(SIGINT, old_interrupt);
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  EXPECT_EQ(done.error, "");
  std::istringstream lines{output()};
  std::string name;
  std::uint64_t set = 0;
  // The two that the C library keeps to itself are ignored by its own doing.
  const auto own = std::uint64_t{3} << (32 - 1);
  int count = 0;
  for (; lines >> name >> std::hex >> set; ++count)
    EXPECT_EQ(set & ~own, 0u) << name;
  EXPECT_EQ(count, 2);
}

TEST_F(command_test, it_leads_a_process_group) {
  EXPECT_EQ(run_script("read -r pid name state parent group rest "
                       "</proc/$$/stat; [ $pid = $$ ] && [ $group = $$ ]")
                .error,
            "");
}

TEST_F(command_test, it_starts_in_its_working_directory) {
  test::command_folder folder;
  what_.working_directory = folder.path();
  EXPECT_EQ(run({"pwd"}).error, "");
  EXPECT_EQ(output(), folder.path() + "\n");
}

TEST_F(command_test, it_starts_in_the_callers_directory_by_default) {
  EXPECT_EQ(run({"readlink", "/proc/self/cwd"}).error, "");
  std::error_code code;
  EXPECT_EQ(output(), std::filesystem::current_path(code).string() + "\n");
}

TEST_F(command_test, a_relative_program_is_in_the_working_directory) {
  test::command_folder folder;
  folder.write("mine", "#!/bin/sh\necho mine\n");
  what_.working_directory = folder.path();
  EXPECT_EQ(run({"./mine"}).error, "");
  EXPECT_EQ(output(), "mine\n");
}

// How it is found.

TEST_F(command_test, the_programs_own_path_finds_it) {
  test::command_folder first;
  test::command_folder second;
  first.write("jobq-probe", "not for execution", false);
  second.write("jobq-probe", "#!/bin/sh\necho second $0\n");
  what_.env["PATH"] = "/no/such/place:" + first.path() + ":" + second.path();
  EXPECT_EQ(run({"jobq-probe"}).error, "");
  EXPECT_EQ(output(), "second " + second.path() + "/jobq-probe\n");
}

TEST_F(command_test, an_empty_part_of_the_path_is_the_working_directory) {
  test::command_folder folder;
  folder.write("jobq-probe", "#!/bin/sh\necho found\n");
  what_.working_directory = folder.path();
  what_.env["PATH"] = "/no/such/place:";
  EXPECT_EQ(run({"jobq-probe"}).error, "");
  EXPECT_EQ(output(), "found\n");
}

TEST_F(command_test, a_program_that_is_not_there_is_named) {
  expect_unstartable(run({"/usr/bin/jobq-probe"}),
                     "/usr/bin/jobq-probe: No such file or directory: give the "
                     "program's full path, or a name that PATH finds");
  expect_unstartable(run({"jobq-probe"}),
                     "jobq-probe: No such file or directory: give the "
                     "program's full path, or a name that PATH finds");
}

TEST_F(command_test, a_file_that_is_no_program_is_named) {
  test::command_folder folder;
  auto file = folder.write("data", "x", false);
  const std::string hint
      = ": Permission denied: the file has to be a program that may be "
        "executed (chmod +x)";
  expect_unstartable(run({file}), file + hint);
  expect_unstartable(run({folder.path()}), folder.path() + hint);
  what_.env["PATH"] = folder.path() + ":/bin";
  expect_unstartable(run({"data"}), "data" + hint);
}

TEST_F(command_test, a_text_without_interpreter_is_not_given_to_a_shell) {
  test::command_folder folder;
  auto file = folder.write("script", "echo shell\n");
  expect_unstartable(run({file}),
                     file
                         + ": Exec format error: a script needs a first line "
                           "that names its interpreter, such as #!/bin/sh");
  EXPECT_EQ(output(), "");
}

TEST_F(command_test, a_missing_interpreter_is_told) {
  test::command_folder folder;
  auto file = folder.write("script", "#!/no/such/shell\n");
  expect_unstartable(run({file}),
                     file
                         + ": No such file or directory: the interpreter that "
                           "its first line names is not there");
}

TEST_F(command_test, a_bad_working_directory_is_told) {
  what_.working_directory = "/no/such/place";
  expect_unstartable(run({"true"}), "true: working directory /no/such/place: "
                                    "No such file or directory");
  what_.working_directory = "/etc/passwd";
  expect_unstartable(run({"true"}),
                     "true: working directory /etc/passwd: Not a directory");
}

TEST_F(command_test, too_many_arguments_are_told) {
  expect_unstartable(run({"true", std::string(1 << 20, 'x')}),
                     "true: Argument list too long: its arguments and "
                     "environment are too long");
}

TEST_F(command_test, a_command_line_that_can_not_be_is_told) {
  expect_unstartable(run({}), "command is empty: give [PROGRAM, ARGUMENT...]");
  expect_unstartable(run({"", "x"}), "command: the program's name is empty");
  expect_unstartable(run({"true", "a\0b"s}),
                     "command: an argument has a NUL byte");
  what_.working_directory = "/\0"s;
  expect_unstartable(run({"true"}), "working_directory has a NUL byte");
  what_.working_directory.clear();
  what_.env = {{"A=B", "x"}};
  expect_unstartable(run({"true"}), "env: the name \"A=B\" has a \"=\"");
}

TEST_F(command_test, what_may_pass_is_retried) {
  rlimit before{};
  ::getrlimit(RLIMIT_NOFILE, &before);
  auto none = before;
  none.rlim_cur = 3;
  // Asked last before the start: the sanitizers need descriptors themselves.
  context_.stop = [&none] {
    ::setrlimit(RLIMIT_NOFILE, &none);
    return false;
  };
  auto done = run({"true"});
  ::setrlimit(RLIMIT_NOFILE, &before);
  EXPECT_EQ(done.kind, outcome_kind::failed);
  EXPECT_TRUE(done.retryable);
  EXPECT_NE(done.error.find("Too many open files"), std::string::npos);
}

TEST_F(command_test, a_program_that_is_being_written_is_retried) {
  test::command_folder folder;
  auto file = folder.write("script", "#!/bin/sh\n");
  int writer = ::open(file.c_str(), O_WRONLY | O_CLOEXEC);
  auto done = run({file});
  ::close(writer);
  EXPECT_EQ(done.error, file + ": Text file busy");
  EXPECT_TRUE(done.retryable);
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
  auto done = run_script(ready + "exec sleep 1000");
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

// How it is stopped.

TEST_F(command_test, a_stop_is_a_sigterm_to_the_group) {
  context_.stop_on_progress();
  auto done = run_script("sleep 1000 & " + ready + "wait");
  EXPECT_EQ(done.kind, outcome_kind::interrupted);
  EXPECT_EQ(done.error, "");
  EXPECT_EQ(done.message, "asked to stop: killed by signal 15 (SIGTERM)");
  EXPECT_EQ(done.process.value().signal, SIGTERM);
}

TEST_F(command_test, a_stop_may_be_heeded_in_good_order) {
  context_.stop_on_progress();
  auto done = run_script("trap 'echo \"{\\\"items_processed\\\":3}\" >&3; "
                         "exit 5' TERM; sleep 1000 & "
                         + ready + "wait");
  EXPECT_EQ(done.kind, outcome_kind::interrupted);
  EXPECT_EQ(done.message, "asked to stop: exit code 5");
  EXPECT_EQ(done.process.value().exit_code, 5);
  EXPECT_EQ(done.items_processed, 3u);
}

TEST_F(command_test, who_ignores_a_stop_is_killed) {
  context_.stop_on_progress();
  options_.kill_after = 50ms;
  auto done = run_script("trap '' TERM; " + ready + "exec sleep 1000");
  EXPECT_EQ(done.kind, outcome_kind::interrupted);
  EXPECT_EQ(done.message,
            "ignored SIGTERM for 50ms: killed by signal 9 (SIGKILL)");
  EXPECT_EQ(done.process.value().signal, SIGKILL);
}

TEST_F(command_test, who_ignores_a_stop_is_killed_without_pidfd) {
  options_.use_pidfd = false;
  context_.stop_on_progress();
  options_.kill_after = 50ms;
  auto done = run_script("trap '' TERM; " + ready + "exec sleep 1000");
  EXPECT_EQ(done.process.value().signal, SIGKILL);
}

TEST_F(command_test, a_stopped_process_hears_a_stop) {
  // It can't say that it is stopped; its parent can see it.
  context_.stop_on_progress();
  options_.kill_after = 60s;
  auto done = run_script(
      "sh -c 'kill -STOP $$' & "
      "while read -r pid name state rest </proc/$!/stat && [ $state != T ]; "
      "do :; done; "
      + ready + "kill -STOP $$");
  EXPECT_EQ(done.kind, outcome_kind::interrupted);
  EXPECT_EQ(done.process.value().signal, SIGTERM);
}

TEST_F(command_test, nothing_of_the_group_outlives_a_stop) {
  context_.stop_on_progress();
  // The end of the pipe that the one in the background holds.
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
  options_.kill_after = 60s;
  what_.argv = {"/bin/sh", "-c",
                "(trap '' TERM; " + ready + "exec sleep 1000) & wait"};
  options_.standard_output = ends[1];
  auto done = run_command(context_, what_, options_);
  ::close(ends[1]);
  char byte = 0;
  EXPECT_EQ(::read(ends[0], &byte, 1), 0) << "waits for its death";
  ::close(ends[0]);
  EXPECT_EQ(done.process.value().signal, SIGTERM);
}

TEST_F(command_test, a_program_in_another_group_is_stopped_too) {
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

TEST_F(command_test, who_is_stopped_before_does_not_start) {
  context_.stop = [] { return true; };
  auto done = run_script("echo started");
  EXPECT_EQ(done.kind, outcome_kind::interrupted);
  EXPECT_FALSE(done.process.has_value());
  EXPECT_EQ(output(), "");
}

TEST_F(command_test, a_stop_is_heeded_at_once) {
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
  EXPECT_LT(best, 50ms);
}

TEST_F(command_test, the_context_is_asked_every_20_ms) {
  // Between two questions at a time, the best of many.
  auto best = steady::duration::max();
  std::optional<steady::time_point> last;
  context_.stop = [&] {
    auto now = steady::now();
    if (last && context_.asked > 5)
      best = std::min(best, now - *last);
    last = now;
    return context_.asked > 15;
  };
  run({"sleep", "1000"});
  EXPECT_LE(best, 20ms);
  EXPECT_GE(best, 1ms) << "it does not spin";
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
