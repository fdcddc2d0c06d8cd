#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "extensions/host/process_executor.hpp"

namespace jobq {

/// Hears one attempt.
class hearing {
public:
  attempt_observer observer();
  /// Waits for the outcome, for at most 20 s.
  outcome wait();
  /// Waits until a line was logged that begins so.
  bool wait_for_line(const std::string& beginning);
  std::vector<std::string> lines() const;
  /// The levels of the line.
  std::vector<log_level> levels_of(const std::string& line) const;
  double fraction() const;
  std::string progress() const;
  int ends() const;
  /// When the outcome came.
  std::chrono::steady_clock::time_point ended_at() const;

private:
  struct state {
    std::mutex mutex;
    std::condition_variable changed;
    std::vector<std::string> lines;
    std::vector<log_level> levels;
    std::string progress;
    double fraction = -1;
    int ends = 0;
    std::chrono::steady_clock::time_point ended_at;
    outcome result;
  };
  std::shared_ptr<state> state_ = std::make_shared<state>();
};

/// An executor with the test's host program and the hostile library. When the
/// test ends, nobody is left, dead or alive, and nothing is open that was not.
class host_test : public testing::Test {
protected:
  host_test();
  ~host_test() override;

  /// Options under which a busy machine makes nobody late.
  static process_executor_options usual();
  /// The same, but SIGTERM follows an order to stop after 100 ms.
  static process_executor_options impatient();
  static std::filesystem::path library(const std::string& name);
  static run a_run(const std::string& function);
  static execution_plan a_plan();

  process_executor& hosts() { return *hosts_; }
  void restart(process_executor_options options);

  hearing start(const run& what, execution_plan plan = a_plan());
  outcome result_of(const std::string& function,
                    execution_plan plan = a_plan());
  /// Nothing but the executor's hosts descends from this process.
  static std::size_t processes();
  /// Each is a warden and its runner. One that could not clear away in time
  /// what its function left is replaced.
  bool only_hosts_are_left() const;
  static std::size_t open_descriptors();
  /// Bytes of memory that this process has.
  static std::size_t resident();
  /// Waits until `holds`, for at most 10 s.
  static bool soon(const std::function<bool()>& holds);

  std::unique_ptr<process_executor> hosts_;

private:
  const std::size_t descriptors_; ///< before there were hosts
};

} // namespace jobq
