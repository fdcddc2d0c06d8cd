#pragma once

#include <string>
#include <string_view>

#include "extensions/command/command.hpp"
#include "extensions/core/core.hpp"
#include "jobs/definition.hpp"
#include "jobs/error.hpp"

namespace jobq {

/// What a job host is told beside a run of a built-in function, as text: the
/// server writes it, the host program reads it. Both are of one build.

std::string setup_of(const core_environment& environment);
result<core_environment> read_core_setup(std::string_view text);

/// The command line of a job of the extension `command`.
std::string setup_of(const job_definition& job);
result<command_line> read_command_setup(std::string_view text);

} // namespace jobq
