#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "jobs/content_source.hpp"
#include "jobs/definition.hpp"
#include "jobs/error.hpp"

namespace jobq {

/// How long finished things are kept.
struct retention {
  milliseconds completed = std::chrono::days{7};
  milliseconds cancelled = std::chrono::days{7};
  milliseconds discarded = std::chrono::days{30};
  milliseconds ticks = std::chrono::days{30};

  friend bool operator==(const retention&, const retention&) = default;
};

/// A whole configuration, read and checked.
struct configuration {
  bool enabled = true;
  time_zone timezone = time_zone::utc();
  std::vector<std::string> bootstrap_jobs;
  std::uint32_t workers = 8;
  std::optional<std::uint32_t> hosts; ///< none: as many as workers
  std::vector<std::filesystem::path> extensions;
  std::string run_as;
  std::vector<job_definition> jobs; ///< in the files' order
  jobq::retention retention;
  std::vector<content_source> content_sources;
  /// `sqlite:////abs/path` (the path follows three slashes and brings a fourth)
  /// or `postgresql://…`; a relative SQLite path has been made absolute against
  /// the file that holds it. Empty when absent.
  std::string database_url;
  std::vector<std::filesystem::path> files; ///< every file read, root first

  /// The job of this name, or null. Looks at one job after another.
  const job_definition* find_job(std::string_view name) const;

  /// How many job hosts there may be.
  std::uint32_t max_hosts() const noexcept;
};

enum class severity { warning, error };

/// One fault of a configuration. `file:line:column: message`, with the job's
/// name in the message where there is one.
struct config_fault {
  severity level = severity::error;
  source_place place;
  std::string job;
  std::string message;

  /// `file:line:column: error: job "x": message`
  std::string to_string() const;
};

/// What reading a configuration came to: a value when nothing is an error, and
/// every fault found on the way, in the files' order.
struct config_report {
  std::optional<configuration> value;
  std::vector<config_fault> faults;

  bool ok() const noexcept { return value.has_value(); }
};

/// The names that a configuration's functions may have: extension to its job
/// functions. Unknown extensions and functions are warnings, since a library
/// may be missing today and there tomorrow.
using known_functions = std::map<std::string, std::vector<std::string>>;

/// Reads a configuration file with all its includes and checks all of it.
/// Never throws; bounded in time and memory for any input (files over 16 MiB,
/// alias bombs, deep nesting, cycles, directories and binaries are faults).
/// @param file the root file, `services/config/config.yaml` or a scheduler file
config_report load_config(const std::filesystem::path& file,
                          const known_functions& known);

} // namespace jobq
