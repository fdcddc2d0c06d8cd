#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "jobs/config.hpp"
#include "jobs/tick.hpp"
#include "jobs/time.hpp"

namespace jobq {

/// A stretch in which no engine lives: `[from, to)`.
struct downtime {
  time_point from{};
  time_point to{};
};

/// What is played through, and what is assumed.
struct simulation_request {
  time_point from{}; ///< the engine starts here, with new jobs
  time_point to{};
  std::vector<downtime> downtimes; ///< in any order
  /// Mean durations of attempts by job, and of jobs that are not in there.
  std::map<std::string, milliseconds> durations;
  milliseconds other_durations = seconds{1};
  /// How far a duration lies from the mean at most, as a share of it, 0..1;
  /// the same for the same tick, whenever it is asked.
  double spread = 0.2;
};

/// The most there ever was of something, and when that was first.
struct peak {
  std::uint64_t count = 0;
  time_point at{};

  friend bool operator==(const peak&, const peak&) = default;
};

/// What became of one job.
struct simulated_job {
  std::string job;
  std::map<tick_fate, std::uint64_t> ticks;
  std::uint64_t runs = 0;      ///< made, of any trigger
  std::uint64_t catch_ups = 0; ///< of them, of trigger catch_up
  std::uint64_t completed = 0;
  std::uint64_t discarded = 0;
  std::uint64_t cancelled = 0;   ///< replaced by newer ticks, or expired
  std::uint64_t unfinished = 0;  ///< at the end
  std::uint64_t timed_out = 0;   ///< attempts
  std::uint64_t interrupted = 0; ///< attempts that a downtime ended
  peak running;
  milliseconds busy{0};         ///< of all attempts together
  milliseconds longest_wait{0}; ///< of a run for its first start

  friend bool operator==(const simulated_job&, const simulated_job&) = default;
};

struct simulation_report {
  std::vector<simulated_job> jobs; ///< in the configuration's order
  peak running;
  peak waiting; ///< runs that might start, but for a worker or their turn
};

/// Plays a configuration through on a clock of its own: with the rules that
/// decide ticks (`due`), overlaps (`decide_overlap`) and the life of runs
/// (`transition`), and with functions that succeed after their duration, or
/// time out when that is longer than their job's `timeout`. One that is asked
/// to stop does so at once. The engine dies at the beginning of a downtime and
/// starts at its end.
///
/// A pure function of its arguments. Costs time by the number of ticks, and
/// memory by that of jobs and of unfinished runs.
simulation_report simulate(const configuration& config,
                           const simulation_request& asked);

} // namespace jobq
