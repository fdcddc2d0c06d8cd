#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "extensions/core/core.hpp"
#include "extensions/host/host_options.hpp"
#include "extensions/registry.hpp"
#include "jobs/config.hpp"

namespace jobq {

/// A library that the configuration names, and what became of it.
struct library_facts {
  std::filesystem::path path;
  std::string extension;
  std::string release;
  std::size_t functions = 0;
  /// Of the file, when it was opened: a library that was built anew needs hosts
  /// of its own.
  std::filesystem::file_time_type written{};
  std::string fault; ///< why it can't be used; empty: it can
};

/// All job functions that there are, and where they come from.
struct function_catalog {
  registry functions;
  std::vector<library_facts> libraries;

  /// The library of an extension, or null for those that are built in.
  const library_facts* library_of(std::string_view extension) const;

  /// As `registry::why_not_runnable`, with the faults of libraries where an
  /// extension is missing.
  std::string why_not_runnable(const job_definition& job) const;
};

/// The functions of `core` and `command`. With a null holder, or for `command`,
/// they can be checked and listed, not called in this process.
function_catalog
built_in_catalog(const std::shared_ptr<const core_environment_holder>& core);

/// A configuration and the functions that it was checked against.
struct loaded_config {
  config_report report;
  std::shared_ptr<const function_catalog> catalog;
};

/// Reads a configuration, asks the libraries that it names (in job hosts) what
/// they offer, and checks it against all functions. A library that can't be
/// used is a warning; its jobs alone are disabled.
loaded_config
load_with_libraries(const std::filesystem::path& file,
                    const host_options& hosts,
                    const std::shared_ptr<const core_environment_holder>& core);

} // namespace jobq
