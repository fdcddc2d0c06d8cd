#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "jobs/cron.hpp"
#include "jobs/policy.hpp"
#include "jobs/source_place.hpp"
#include "jobs/time.hpp"
#include "jobs/zone.hpp"

namespace jobq {

/// Parameters of a job function: names and scalar values as text.
using parameter_map = std::map<std::string, std::string>;

/// Where a job's function runs: in a job host, on a thread of the server, or on
/// the engine's own threads (for functions that never block).
enum class isolation { process, thread, in_line };

inline constexpr enum_words<isolation, 3> isolation_words{
    {{isolation::process, "process"},
     {isolation::thread, "thread"},
     {isolation::in_line, "inline"}}};

inline constexpr enum_words<dst_gap, 3> dst_gap_words{
    {{dst_gap::automatic, "auto"},
     {dst_gap::shift, "shift"},
     {dst_gap::skip, "skip"}}};

inline constexpr enum_words<dst_overlap, 4> dst_overlap_words{
    {{dst_overlap::automatic, "auto"},
     {dst_overlap::first, "first"},
     {dst_overlap::last, "last"},
     {dst_overlap::both, "both"}}};

struct resource_limits {
  std::optional<std::uint64_t> memory; ///< bytes
  std::optional<milliseconds> cpu_time;
  std::uint64_t output = 1 << 20; ///< bytes of log kept per attempt

  friend bool operator==(const resource_limits&, const resource_limits&)
      = default;
};

struct concurrency_limit {
  std::uint32_t limit = 1;
  std::string key;

  friend bool operator==(const concurrency_limit&, const concurrency_limit&)
      = default;
};

struct rate_limit {
  std::uint32_t limit = 1;
  milliseconds period = std::chrono::minutes{1};

  friend bool operator==(const rate_limit&, const rate_limit&) = default;
};

/// A job: one entry of `scheduler.jobs`, checked, with every default filled in.
struct job_definition {
  std::string name;
  std::string extension;
  std::string function; ///< the key `job`; the name when absent
  std::string description;

  std::string schedule_text; ///< as written; empty: manual only
  std::optional<cron_schedule> schedule;
  time_zone timezone = time_zone::utc();
  dst_gap gap = dst_gap::automatic;
  dst_overlap overlap = dst_overlap::automatic;
  milliseconds jitter{0};

  bool enabled = true;
  bool enforce = true;
  parameter_map parameters;
  std::vector<std::string> tags;

  std::string queue = "default";
  int priority = 0; ///< -100..100, higher first
  std::optional<milliseconds> timeout;
  std::uint32_t max_attempts = 1;
  jobq::backoff backoff;
  std::uint32_t max_crashes = 3;

  jobq::overlap_policy overlap_policy = jobq::overlap_policy::skip;
  catchup_policy catchup = catchup_policy::latest;
  milliseconds catchup_window = std::chrono::days{1};
  std::uint32_t catchup_limit = 100;
  milliseconds misfire_threshold = std::chrono::minutes{1};
  milliseconds start_deadline{0}; ///< 0: none

  jobq::isolation isolation = jobq::isolation::process;
  resource_limits limits;
  std::optional<concurrency_limit> concurrency;
  std::optional<jobq::rate_limit> rate_limit;

  std::vector<std::string> command; ///< only with extension `command`
  std::map<std::string, std::string> env;
  std::string working_directory; ///< absolute

  source_place place;          ///< of the job's entry
  source_place function_place; ///< of `job:`, or of the entry
  source_place extension_place;

  /// What the schedule's ticks depend on: expression (however it is spaced),
  /// zone and DST policies; empty without a schedule. A change of it discards
  /// the ticks that are older than the change.
  std::string schedule_fingerprint() const;
};

} // namespace jobq
