#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "jobs/enum_text.hpp"
#include "jobs/policy.hpp"
#include "jobs/run.hpp"
#include "jobs/time.hpp"

namespace jobq {

/// What became of a tick. Every tick has exactly one fate.
enum class tick_fate {
  fired,           ///< its run was enqueued
  coalesced,       ///< another tick's run stands in for it
  skipped_overlap, ///< an earlier run was unfinished
  expired,         ///< outside the catch-up window
  over_limit,      ///< beyond the catch-up limit
  paused,
  disabled,
  dst_gap,    ///< its local time does not exist
  engine_down ///< missed, and the job makes nothing up (catchup: none)
};

inline constexpr enum_words<tick_fate, 9> tick_fate_words{
    {{tick_fate::fired, "fired"},
     {tick_fate::coalesced, "coalesced"},
     {tick_fate::skipped_overlap, "skipped_overlap"},
     {tick_fate::expired, "expired"},
     {tick_fate::over_limit, "over_limit"},
     {tick_fate::paused, "paused"},
     {tick_fate::disabled, "disabled"},
     {tick_fate::dst_gap, "dst_gap"},
     {tick_fate::engine_down, "engine_down"}}};

/// A line of the tick ledger: one tick, or a stretch of ticks of one fate.
struct tick {
  std::string job;
  time_point nominal_time{}; ///< of a stretch: of its first tick
  time_point to{};           ///< of its last tick; equal for a single one
  std::uint64_t count = 1;
  tick_fate fate = tick_fate::fired;
  std::optional<run_id> run; ///< of `fired` and `coalesced`
  std::string reason;
  bool waived = false; ///< a person decided that it is not made up for

  friend bool operator==(const tick&, const tick&) = default;
};

/// Up to where a job's ticks have been decided. Kept durably beside the runs.
struct job_cursor {
  std::string job;
  time_point position{};   ///< every tick at or before it has its fate
  std::string fingerprint; ///< job_definition::schedule_fingerprint()
  bool active = true;  ///< false: ticks after it fall into a disabled stretch
  bool paused = false; ///< not active because the whole scheduler is off

  friend bool operator==(const job_cursor&, const job_cursor&) = default;
};

/// One tick to fire with the run that it makes, and what to do when an earlier
/// run is unfinished at the moment of the commit.
struct firing {
  jobq::tick tick;
  jobq::run run;
  overlap_policy overlap = overlap_policy::skip;
};

/// All that one look at one job's schedule came to; committed as a whole.
struct tick_decision {
  job_cursor cursor;           ///< after it
  time_point decided_from{};   ///< the cursor's position before it
  std::vector<firing> firings; ///< oldest first
  std::vector<tick> others;    ///< ticks that make no run of their own
};

/// A change of decisions that were made before, on a person's word: the lines
/// `before` give way to the firings' lines and to `after`, which together stand
/// for the same ticks.
struct ledger_change {
  std::string job;
  std::vector<tick> before;    ///< as they stand in the ledger
  std::vector<firing> firings; ///< oldest first
  std::vector<tick> after;

  bool empty() const noexcept { return before.empty(); }
};

/// A person's word on whether a job is active; it outlives restarts and stands
/// above the configuration.
struct job_switch {
  std::string job;
  bool enabled = true;
  std::string by;     ///< who
  std::string reason; ///< why, may be empty
  time_point at{};    ///< when

  friend bool operator==(const job_switch&, const job_switch&) = default;
};

} // namespace jobq
