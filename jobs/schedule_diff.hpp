#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "jobs/config.hpp"
#include "jobs/time.hpp"

namespace jobq {

/// What a configuration does with a job's schedule.
enum class schedule_presence {
  absent, ///< the job is not there
  off,    ///< there, but no ticks: disabled, manual, or the scheduler is off
  on
};

inline constexpr enum_words<schedule_presence, 3> schedule_presence_words{
    {{schedule_presence::absent, "absent"},
     {schedule_presence::off, "off"},
     {schedule_presence::on, "on"}}};

/// One tick that differs: `before` alone was removed, `after` alone was added,
/// both together moved.
struct tick_change {
  std::optional<time_point> before;
  std::optional<time_point> after;

  friend bool operator==(const tick_change&, const tick_change&) = default;
};

/// How the ticks of a job differ between two configurations.
struct schedule_difference {
  std::string job;
  schedule_presence before = schedule_presence::absent;
  schedule_presence after = schedule_presence::absent;
  std::uint64_t ticks_before = 0;
  std::uint64_t ticks_after = 0;
  std::uint64_t kept = 0;
  std::uint64_t added = 0;
  std::uint64_t removed = 0;
  std::uint64_t moved = 0;
  std::vector<tick_change> first; ///< the first changes, by time

  friend bool operator==(const schedule_difference&, const schedule_difference&)
      = default;
};

/// Compares the ticks in `(from, to]` of all jobs, by name. Jobs without any
/// difference are left out; the new configuration's order comes first, then
/// the jobs that only the old one has. Costs time by the number of ticks, and
/// memory by that of jobs.
///
/// A removed and an added tick that follow each other are one that moved; with
/// neighbours on both sides a tick goes with the nearer one.
/// @param examples how many changes of each job are told in `first`
std::vector<schedule_difference>
compare_schedules(const configuration& before, const configuration& after,
                  time_point from, time_point to, std::size_t examples);

} // namespace jobq
