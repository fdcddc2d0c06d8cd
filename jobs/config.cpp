#include "jobs/config.hpp"

#include <algorithm>
#include <exception>
#include <unordered_set>
#include <utility>

#include "jobs/config_files.hpp"
#include "jobs/config_sections.hpp"
#include "jobs/config_values.hpp"
#include "jobs/names.hpp"

namespace jobq {

namespace {

/// An error about a file as a whole.
config_fault fault_of_file(const std::filesystem::path& file,
                           std::string message) {
  config_fault fault;
  fault.place.file = file.string();
  fault.place.line = 1;
  fault.place.column = 1;
  fault.message = std::move(message);
  return fault;
}

/// The names of `bootstrap_jobs`, each once and each that of a job.
std::vector<std::string> bootstrap_jobs(const config_parts& parts,
                                        bool complete, config_faults& faults) {
  std::vector<std::string> out;
  std::unordered_set<std::string_view> taken;
  std::vector<std::string> names;
  for (const auto& [name, place] : parts.bootstrap_jobs) {
    if (parts.job_names.contains(name)) {
      if (taken.insert(name).second)
        out.push_back(name);
    } else if (complete && parts.names_complete) {
      std::string hint;
      if (!faults.full()) {
        if (names.empty())
          for (const auto& job : parts.job_names)
            names.push_back(job.first);
        hint = did_you_mean(name, names);
      }
      faults.add({severity::error,
                  place,
                  {},
                  "scheduler.bootstrap_jobs: no job " + quoted_for_message(name)
                      + hint});
    }
  }
  return out;
}

configuration put_together(config_parts parts, config_files files) {
  configuration out;
  assign(out.enabled, parts.enabled.value);
  assign(out.timezone, parts.timezone.value);
  assign(out.workers, parts.workers.value);
  out.hosts = parts.hosts.value;
  assign(out.run_as, std::move(parts.run_as.value));
  assign(out.retention.completed, parts.keep_completed.value);
  assign(out.retention.cancelled, parts.keep_cancelled.value);
  assign(out.retention.discarded, parts.keep_discarded.value);
  assign(out.retention.ticks, parts.keep_ticks.value);
  assign(out.database_url, std::move(parts.database_url.value));
  out.extensions = std::move(parts.extensions);
  out.jobs.reserve(parts.jobs.size());
  for (auto& entry : parts.jobs) {
    if (!entry.has_timezone)
      entry.definition.timezone = out.timezone;
    out.jobs.push_back(std::move(entry.definition));
  }
  out.content_sources = std::move(parts.content_sources);
  out.files = std::move(files.paths);
  return out;
}

config_report read_all(const std::filesystem::path& file,
                       const known_functions& known) {
  config_faults faults;
  config_parts parts;
  zone_finder zones;
  auto files
      = read_config_files(file, faults,
                          [&](const config_scope& scope, std::string_view key,
                              const config_node& value) {
                            if (key == "scheduler")
                              read_scheduler(scope, value, known, zones, parts);
                            else if (key == "content_sources")
                              read_content_sources(scope, value, parts);
                            else if (key == "database")
                              read_database(scope, value, parts);
                          });
  if (files.complete && !parts.has_scheduler && !faults.has_errors())
    faults.add(fault_of_file(file, "has no `scheduler:` section, and neither "
                                   "has any file that it includes"));
  auto bootstrap = bootstrap_jobs(parts, files.complete, faults);
  config_report report;
  report.faults = faults.take(files.names);
  if (!faults.has_errors()) {
    report.value = put_together(std::move(parts), std::move(files));
    report.value->bootstrap_jobs = std::move(bootstrap);
  }
  return report;
}

} // namespace

std::string config_fault::to_string() const {
  return jobq::to_string(place)
         + (level == severity::error ? ": error: " : ": warning: ")
         + (job.empty() ? std::string{}
                        : "job " + quoted_for_message(job) + ": ")
         + message;
}

const job_definition* configuration::find_job(std::string_view name) const {
  const auto found
      = std::find_if(jobs.begin(), jobs.end(),
                     [&](const auto& job) { return job.name == name; });
  return found == jobs.end() ? nullptr : &*found;
}

std::uint32_t configuration::max_hosts() const noexcept {
  return hosts.value_or(workers);
}

config_report load_config(const std::filesystem::path& file,
                          const known_functions& known) {
  try {
    return read_all(file, known);
  } catch (const std::exception& failure) {
    config_report report;
    report.faults.push_back(
        fault_of_file(file, std::string{"cannot be read: "} + failure.what()));
    return report;
  }
}

} // namespace jobq
