#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "extensions/job_function.hpp"
#include "jobs/config.hpp"
#include "jobs/error.hpp"

namespace jobq {

/// The job functions that there are, by (extension, name). Filled at start,
/// read-only afterwards, and then thread-safe.
class registry {
public:
  /// @returns `already_exists` when (extension, name) is taken.
  result<void> add(function_entry entry);

  const function_entry* find(std::string_view extension,
                             std::string_view name) const;
  bool has_extension(std::string_view extension) const;
  const std::vector<function_entry>& entries() const { return entries_; }

  /// The names alone, for checking a configuration.
  known_functions names() const;

  /// Why a job can't run: extension or function not found, with the closest
  /// name, or wrong parameters. Empty when it can.
  std::string why_not_runnable(const job_definition& job) const;

private:
  std::vector<function_entry> entries_;
};

} // namespace jobq
