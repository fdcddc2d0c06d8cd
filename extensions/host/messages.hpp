#pragma once

#include <string>

#include "extensions/job_function.hpp"
#include "jobs/run.hpp"

namespace jobq::wire {
class Done;
class FunctionSpec;
class Run;
} // namespace jobq::wire

namespace jobq::hosting {

/// The values of the engine as messages of host.proto, and back.

void write(const run& from, const std::string& setup, wire::Run& to);
/// Only what a function is told is there. @returns false for a broken id
bool read(const wire::Run& from, run& to);

void write(const outcome& from, wire::Done& to);
/// Whatever was sent becomes an outcome: an unknown kind is a failure.
outcome read(const wire::Done& from);

void write(const function_entry& from, wire::FunctionSpec& to);
/// Without `extension` and `call`.
function_entry read(const wire::FunctionSpec& from);

} // namespace jobq::hosting
