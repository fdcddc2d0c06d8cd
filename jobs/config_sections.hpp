#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "jobs/config_jobs.hpp"
#include "jobs/config_reader.hpp"

namespace jobq {

/// A setting that several files may give, as long as they agree.
template <class T>
struct config_setting {
  std::optional<T> value;
  source_place place;

  /// Takes a value that was read, or reports that it contradicts another one.
  void give(const config_scope& scope, const config_node* node,
            std::string_view label, std::optional<T> read) {
    if (!read || node == nullptr)
      return;
    if (!value) {
      value = std::move(read);
      place = scope.file.place(*node);
    } else if (*value != *read) {
      scope.error(*node, std::string{label} + " contradicts the value given at "
                             + to_string(place));
    }
  }
};

/// What all the files of a configuration said, before it is put together.
struct config_parts {
  bool has_scheduler = false;
  config_setting<bool> enabled;
  config_setting<time_zone> timezone;
  config_setting<std::uint32_t> workers;
  config_setting<std::uint32_t> hosts;
  config_setting<std::string> run_as;
  config_setting<milliseconds> keep_completed;
  config_setting<milliseconds> keep_cancelled;
  config_setting<milliseconds> keep_discarded;
  config_setting<milliseconds> keep_ticks;
  config_setting<std::string> database_url;
  std::vector<std::filesystem::path> extensions;
  std::vector<std::pair<std::string, source_place>> bootstrap_jobs;
  std::vector<job_entry> jobs;
  /// Every name given to a job, the bad ones included.
  std::map<std::string, source_place, std::less<>> job_names;
  /// False when a job's name or a whole file could not be read, so that a
  /// reference to it can't be called wrong.
  bool names_complete = true;
  std::vector<content_source> content_sources;
};

/// Reads one file's `scheduler` section into the parts.
void read_scheduler(const config_scope& scope, const config_node& node,
                    const known_functions& known, zone_finder& zones,
                    config_parts& parts);

/// Reads one file's `content_sources` section.
void read_content_sources(const config_scope& scope, const config_node& node,
                          config_parts& parts);

/// Reads one file's `database` section.
void read_database(const config_scope& scope, const config_node& node,
                   config_parts& parts);

} // namespace jobq
