#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "extensions/job_function.hpp"
#include "jobs/config.hpp"

namespace jobq {

/// What core's functions work on.
struct core_environment {
  std::string database_url; ///< as `configuration::database_url`
  std::vector<content_source> content_sources;
};

/// The environment of now. A configuration reload sets another one; a function
/// that has begun keeps the one that it began with. Thread-safe.
class core_environment_holder {
public:
  explicit core_environment_holder(
      std::shared_ptr<const core_environment> environment)
      : environment_{std::move(environment)} {}

  std::shared_ptr<const core_environment> get() const {
    std::lock_guard lock{mutex_};
    return environment_;
  }

  void set(std::shared_ptr<const core_environment> environment) {
    std::lock_guard lock{mutex_};
    environment_.swap(environment);
  }

private:
  mutable std::mutex mutex_;
  std::shared_ptr<const core_environment> environment_;
};

/// The five functions of extension `core` (docs/core-jobs.md), which read the
/// holder when they start. With a null holder they can be listed and checked
/// but not called: `call` is empty.
std::vector<function_entry>
core_functions(std::shared_ptr<const core_environment_holder> holder);

/// The same, bound to one environment for good.
std::vector<function_entry>
core_functions(std::shared_ptr<const core_environment> environment);

} // namespace jobq
