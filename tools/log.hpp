#pragma once

#include <optional>
#include <string_view>

#include "actors/engine.hpp"
#include "extensions/job_function.hpp"
#include "jobs/run.hpp"

namespace jobq {

/// Writes `2027-03-28T03:00:00.000Z info  message` to stderr, one line per line
/// of the message, each flushed. Control characters are written as `?`, so that
/// a job's message can't draw on a terminal. Thread-safe.
/// @param least messages below this level are dropped
logger make_stderr_logger(log_level least);

/// A level by its word; none for an unknown word.
std::optional<log_level> read_log_level(std::string_view word);

/// What the log says of a run that became final: level and line.
log_level level_of(const run& ended);
std::string line_of(const run& ended);

} // namespace jobq
