#pragma once

#include <cstdint>
#include <string>

#include "jobs/policy.hpp"

namespace jobq {

/// A job's scheduled runs (`is_scheduled`) that are not final yet.
struct unfinished {
  std::uint64_t running = 0;
  std::uint64_t waiting = 0;
};

/// What to do with a tick that meets them.
struct overlap_verdict {
  bool enqueue = true;
  bool drop_waiting = false;      ///< cancel the waiting ones
  bool cancel_running = false;    ///< ask the running ones to stop
  bool terminate_running = false; ///< make the running ones stop
  std::string reason;             ///< for the ledger, when not enqueued

  friend bool operator==(const overlap_verdict&, const overlap_verdict&)
      = default;
};

/// How many runs of a job `buffer_all` lets wait.
inline constexpr std::uint64_t max_buffered_runs = 1'000;

/// Applies an overlap policy to a tick whose job has unfinished runs.
overlap_verdict decide_overlap(overlap_policy policy, const unfinished& others);

} // namespace jobq
