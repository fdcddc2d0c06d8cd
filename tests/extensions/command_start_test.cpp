#include "extensions/command/command.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "tests/extensions/command_fixture.hpp"

namespace jobq {

using namespace std::chrono_literals;

namespace {

using namespace std::string_literals;

using command_start_test = test::command_test;

} // namespace

TEST_F(command_start_test, the_programs_own_path_finds_it) {
  test::command_folder first;
  test::command_folder second;
  first.write("jobq-probe", "not for execution", false);
  second.write("jobq-probe", "#!/bin/sh\necho second $0\n");
  what_.env["PATH"] = "/no/such/place:" + first.path() + ":" + second.path();
  EXPECT_EQ(run({"jobq-probe"}).error, "");
  EXPECT_EQ(output(), "second " + second.path() + "/jobq-probe\n");
}

TEST_F(command_start_test, an_empty_part_of_the_path_is_the_working_directory) {
  test::command_folder folder;
  folder.write("jobq-probe", "#!/bin/sh\necho found\n");
  what_.working_directory = folder.path();
  what_.env["PATH"] = "/no/such/place:";
  EXPECT_EQ(run({"jobq-probe"}).error, "");
  EXPECT_EQ(output(), "found\n");
}

TEST_F(command_start_test, a_program_that_is_not_there_is_named) {
  expect_unstartable(run({"/usr/bin/jobq-probe"}),
                     "/usr/bin/jobq-probe: No such file or directory: give the "
                     "program's full path, or a name that PATH finds");
  expect_unstartable(run({"jobq-probe"}),
                     "jobq-probe: No such file or directory: give the "
                     "program's full path, or a name that PATH finds");
}

TEST_F(command_start_test, a_file_that_is_no_program_is_named) {
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

TEST_F(command_start_test, a_text_without_interpreter_is_not_given_to_a_shell) {
  test::command_folder folder;
  auto file = folder.write("script", "echo shell\n");
  expect_unstartable(run({file}),
                     file
                         + ": Exec format error: a script needs a first line "
                           "that names its interpreter, such as #!/bin/sh");
  EXPECT_EQ(output(), "");
}

TEST_F(command_start_test, a_missing_interpreter_is_told) {
  test::command_folder folder;
  auto file = folder.write("script", "#!/no/such/shell\n");
  expect_unstartable(run({file}),
                     file
                         + ": No such file or directory: the interpreter that "
                           "its first line names is not there");
}

TEST_F(command_start_test, a_bad_working_directory_is_told) {
  what_.working_directory = "/no/such/place";
  expect_unstartable(run({"true"}), "true: working directory /no/such/place: "
                                    "No such file or directory");
  what_.working_directory = "/etc/passwd";
  expect_unstartable(run({"true"}),
                     "true: working directory /etc/passwd: Not a directory");
}

TEST_F(command_start_test, too_many_arguments_are_told) {
  expect_unstartable(run({"true", std::string(1 << 20, 'x')}),
                     "true: Argument list too long: its arguments and "
                     "environment are too long");
}

TEST_F(command_start_test, a_command_line_that_can_not_be_is_told) {
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

TEST_F(command_start_test, what_may_pass_is_retried) {
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

TEST_F(command_start_test, a_program_that_is_being_written_is_retried) {
  test::command_folder folder;
  auto file = folder.write("script", "#!/bin/sh\n");
  int writer = ::open(file.c_str(), O_WRONLY | O_CLOEXEC);
  auto done = run({file});
  ::close(writer);
  EXPECT_EQ(done.error, file + ": Text file busy");
  EXPECT_TRUE(done.retryable);
}

} // namespace jobq
