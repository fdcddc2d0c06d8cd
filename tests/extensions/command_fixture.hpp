#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "extensions/command/command.hpp"

namespace jobq::test {

/// For the shell: says that it is ready to be stopped.
inline const std::string ready = "echo '{\"progress\":0.5}' >&3; ";

/// A run that keeps what its program reports.
class command_context final : public job_context {
public:
  const run_id& id() const override { return run; }
  std::string_view job() const override { return "report"; }
  std::uint32_t attempt() const override { return 2; }
  const parameter_map& parameters() const override { return given; }
  bool enforce() const override { return enforced; }
  std::optional<time_point> nominal_time() const override { return nominal; }
  std::optional<time_point> deadline() const override { return until; }
  time_point started_at() const override { return {}; }
  bool stop_requested() const override {
    ++asked;
    return stop && stop();
  }
  void log(log_level level, std::string_view line) override {
    EXPECT_EQ(level, log_level::warning);
    warnings.emplace_back(line);
  }
  void progress(double fraction, std::string_view message) override {
    reports.emplace_back(fraction, message);
  }

  /// Asks the program to stop once it has said how far it is: so a program
  /// tells that its traps are set.
  void stop_on_progress() {
    stop = [this] { return !reports.empty(); };
  }

  run_id run = run_id::random({});
  parameter_map given;
  bool enforced = true;
  std::optional<time_point> nominal;
  std::optional<time_point> until;
  std::function<bool()> stop;
  mutable int asked = 0;
  std::vector<std::string> warnings;
  std::vector<std::pair<double, std::string>> reports;
};

/// A file without a name, as a program's output.
class output_file {
public:
  output_file();
  ~output_file();
  output_file(const output_file&) = delete;
  output_file& operator=(const output_file&) = delete;

  int number() const { return number_; }
  std::string text() const;

private:
  int number_;
};

/// A directory of its own that goes with the test.
class command_folder {
public:
  command_folder();
  ~command_folder();
  command_folder(const command_folder&) = delete;
  command_folder& operator=(const command_folder&) = delete;

  const std::string& path() const { return path_; }
  /// Writes a file. @returns its path
  std::string write(const std::string& name, const std::string& text,
                    bool executable = true) const;

private:
  std::string path_;
};

class command_test : public testing::Test {
protected:
  outcome run(std::vector<std::string> argv) {
    what_.argv = std::move(argv);
    options_.standard_output = output_.number();
    options_.standard_error = errors_.number();
    return run_command(context_, what_, options_);
  }

  /// The text of a program for the shell, which is as good as any.
  outcome run_script(const std::string& text) {
    return run({"/bin/sh", "-c", text});
  }

  static void expect_unstartable(const outcome& done,
                                 const std::string& error) {
    EXPECT_EQ(done.kind, outcome_kind::failed);
    EXPECT_EQ(done.error, error);
    EXPECT_FALSE(done.retryable);
    EXPECT_FALSE(done.process.has_value());
  }

  std::string output() const { return output_.text(); }
  std::string errors() const { return errors_.text(); }

  command_context context_;
  command_line what_;
  command_options options_;

private:
  output_file output_;
  output_file errors_;
};

} // namespace jobq::test
