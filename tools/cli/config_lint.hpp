#pragma once

#include <map>
#include <string>
#include <vector>

#include "jobs/config.hpp"
#include "jobs/time.hpp"

namespace jobq {

/// What is valid but looks mistaken, as warnings:
///
/// - what `schedule_doubts` says of each expression;
/// - a fixed time that a clock change within 366 days skips or repeats, where
///   the job leaves what happens then to the default;
/// - runs that take longer than the time between two ticks;
/// - more jobs in one second than the workers can run, within a day.
///
/// @param means mean durations as measured, by job
std::vector<config_fault>
config_doubts(const configuration& config, time_point now,
              const std::map<std::string, milliseconds>& means);

} // namespace jobq
