#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "extensions/executor.hpp"
#include "extensions/host/containment.hpp"
#include "extensions/host/host_options.hpp"
#include "jobs/definition.hpp"
#include "jobs/stop_ladder.hpp"

namespace jobq {

/// What an executor must know of a run beside the run.
struct execution_plan {
  std::filesystem::path library; ///< empty: a built-in function of the host
  std::int64_t stamp = 0; ///< of the library's file: another one, other hosts
  resource_limits limits;
  std::string setup; ///< for built-in functions: their surroundings, or command
};

struct process_executor_options {
  host_options host;
  std::size_t max_hosts = 8; ///< runs at the same time; others wait
  /// How a function that shall end is made to: this long it may end by itself,
  milliseconds obey_grace = stop_ladder::asked;
  /// then it has SIGTERM for so long; then SIGKILL.
  milliseconds terminate_grace = stop_ladder::terminated;
  /// A host that has not begun after so long is killed and counts as one that
  /// could not be started.
  milliseconds hello_patience = seconds{10};
  /// A host is replaced after so many runs, or when its memory has once been
  /// larger than this.
  std::uint32_t max_runs = 10'000;
  std::uint64_t max_memory = 256 << 20; ///< bytes resident
  milliseconds max_idle = std::chrono::minutes{5};
  /// Told when hosts can't be started, and when they can again.
  std::function<void(log_level, const std::string&)> log;
};

/// How its job hosts are.
struct host_statistics {
  std::size_t max_hosts = 0;
  std::size_t hosts = 0;
  std::size_t idle = 0;
  std::uint64_t started = 0;
  std::uint64_t crashed = 0;  ///< died, or were killed, with a run
  std::uint64_t replaced = 0; ///< for their age, or for what a run left
  std::uint64_t not_started = 0;
  std::string failure;   ///< why none can be started now; empty: they can
  containment contained; ///< never changes
};

/// Runs attempts in job hosts: child processes that are kept for further runs
/// of the same profile. Whatever a function does, its attempt ends with one
/// outcome, and the server and other attempts do not notice. All observers are
/// called on one thread of the executor's own. Thread-safe.
///
/// A host that can't be started is tried again after 0.1 s, 0.2 s and so on up
/// to 30 s; meanwhile attempts wait, and can be stopped.
class process_executor {
public:
  /// Starts no host yet.
  explicit process_executor(process_executor_options options);

  /// Ends all attempts (`interrupted`, within both graces) and all hosts. No
  /// observer is called afterwards.
  ~process_executor();

  process_executor(const process_executor&) = delete;
  process_executor& operator=(const process_executor&) = delete;

  void start(const run& what, execution_plan plan, attempt_observer observer);

  /// As `executor::stop`.
  void stop(const run_id& id, stop_reason why);

  /// From now on there may be so many hosts. Those beyond it end with their
  /// runs.
  void allow(std::size_t max_hosts);

  host_statistics statistics() const;

private:
  class impl;
  std::unique_ptr<impl> impl_;
};

} // namespace jobq
