#include "extensions/command/command.hpp"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <filesystem>
#include <sstream>

#include <gtest/gtest.h>

#include "tests/extensions/command_fixture.hpp"

namespace jobq {

using namespace std::chrono_literals;

namespace {

using reports = std::vector<std::pair<double, std::string>>;

using command_process_test = test::command_test;

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

TEST_F(command_process_test, output_and_errors_go_where_they_are_told) {
  EXPECT_EQ(run_script("echo out; echo err >&2").error, "");
  EXPECT_EQ(output(), "out\n");
  EXPECT_EQ(errors(), "err\n");
}

TEST_F(command_process_test, output_is_the_callers_by_default) {
  test::output_file file;
  {
    renumbered out{STDOUT_FILENO};
    ::dup2(file.number(), STDOUT_FILENO);
    what_.argv = {"echo", "hello"};
    run_command(context_, what_);
  }
  EXPECT_EQ(file.text(), "hello\n");
}

TEST_F(command_process_test, output_and_errors_may_change_places) {
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

TEST_F(command_process_test, arguments_are_not_read_by_a_shell) {
  EXPECT_EQ(run({"printf", "%s|", "$HOME", "*", "a b", "", "`id`;\n"}).error,
            "");
  EXPECT_EQ(output(), "$HOME|*|a b||`id`;\n|");
}

TEST_F(command_process_test, standard_input_is_empty) {
  EXPECT_EQ(run_script("cat; readlink /proc/$$/fd/0").error, "");
  EXPECT_EQ(output(), "/dev/null\n");
}

TEST_F(command_process_test, four_descriptors_are_open) {
  const std::string list = "i=0; while [ $i -lt 300 ]; do "
                           "[ -e /proc/$$/fd/$i ] && echo $i; i=$((i+1)); "
                           "done; readlink /proc/$$/fd/3 | cut -c 1-5";
  // One that nobody has marked close-on-exec.
  int leak = ::fcntl(STDERR_FILENO, F_DUPFD, 200);
  EXPECT_EQ(run_script(list).error, "");
  ::close(leak);
  EXPECT_EQ(output(), "0\n1\n2\n3\npipe:\n");
}

TEST_F(command_process_test, the_callers_numbers_do_not_matter) {
  for (int number : {0, 1, 2, 3, 4}) {
    context_.reports.clear();
    renumbered away{number};
    auto done = run_script(test::ready + "cat && echo done && echo err >&2");
    EXPECT_EQ(done.error, "");
    EXPECT_EQ(context_.reports, (reports{{0.5, ""}}));
  }
  EXPECT_EQ(output(), "done\ndone\ndone\ndone\ndone\n");
}

TEST_F(command_process_test, the_caller_keeps_no_descriptor) {
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

TEST_F(command_process_test, signals_are_as_in_a_new_session) {
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

TEST_F(command_process_test, it_leads_a_process_group) {
  EXPECT_EQ(run_script("read -r pid name state parent group rest "
                       "</proc/$$/stat; [ $pid = $$ ] && [ $group = $$ ]")
                .error,
            "");
}

TEST_F(command_process_test, it_starts_in_its_working_directory) {
  test::command_folder folder;
  what_.working_directory = folder.path();
  EXPECT_EQ(run({"pwd"}).error, "");
  EXPECT_EQ(output(), folder.path() + "\n");
}

TEST_F(command_process_test, it_starts_in_the_callers_directory_by_default) {
  EXPECT_EQ(run({"readlink", "/proc/self/cwd"}).error, "");
  std::error_code code;
  EXPECT_EQ(output(), std::filesystem::current_path(code).string() + "\n");
}

TEST_F(command_process_test, a_relative_program_is_in_the_working_directory) {
  test::command_folder folder;
  folder.write("mine", "#!/bin/sh\necho mine\n");
  what_.working_directory = folder.path();
  EXPECT_EQ(run({"./mine"}).error, "");
  EXPECT_EQ(output(), "mine\n");
}

} // namespace jobq
