#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "extensions/host/routing_executor.hpp"
#include "jobs/config.hpp"
#include "jobs/run.hpp"
#include "tools/function_catalog.hpp"

namespace jobq {

/// Where the runs of one configuration are executed. Immutable, thread-safe.
class routes {
public:
  /// @param environment of core's functions under this configuration
  routes(std::shared_ptr<const configuration> config,
         std::shared_ptr<const function_catalog> catalog,
         const core_environment& environment);

  /// By the run's job as it is configured now; a run of no job has a host and
  /// default limits.
  /// @returns `not_found` when nobody provides its function, `invalid_state`
  ///   when its program is no longer configured
  result<route> of(const run& what) const;

private:
  const std::shared_ptr<const configuration> config_;
  const std::shared_ptr<const function_catalog> catalog_;
  std::unordered_map<std::string_view, const job_definition*> jobs_;
  std::string core_setup_;
};

} // namespace jobq
