#pragma once

#include <functional>

#include "extensions/executor.hpp"
#include "extensions/host/process_executor.hpp"
#include "jobs/error.hpp"

namespace jobq {

/// Where a run's function is called, and what is needed there.
struct route {
  isolation where = isolation::process;
  execution_plan plan; ///< with `isolation::process`
};

/// Sends each run where its job's isolation says.
class routing_executor final : public executor {
public:
  /// @param route_of thread-safe; an error is the run's failure, not retried
  /// @param threads  for `isolation::thread`
  /// @param in_line  for `isolation::in_line`
  /// @param hosts    for `isolation::process`; all three outlive this object
  routing_executor(std::function<result<route>(const run&)> route_of,
                   executor& threads, executor& in_line,
                   process_executor& hosts)
      : route_of_{std::move(route_of)}, threads_{threads}, in_line_{in_line},
        hosts_{hosts} {}

  void start(const run& what, attempt_observer observer) override;
  void stop(const run_id& id, stop_reason why) override;

private:
  const std::function<result<route>(const run&)> route_of_;
  executor& threads_;
  executor& in_line_;
  process_executor& hosts_;
};

} // namespace jobq
