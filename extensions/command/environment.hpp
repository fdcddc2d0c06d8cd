#pragma once

#include <map>
#include <string>

#include "extensions/command/command.hpp"

namespace jobq {

/// Names and values, as a program gets them.
using environment_map = std::map<std::string, std::string>;

/// The descriptor on which a program reports, by its number in the program.
inline constexpr int control_descriptor = 3;

/// The whole environment of a run's program: a few variables of the calling
/// process, a PATH, the job's own, and jobq's, later ones winning.
/// @returns `invalid_argument` for names and values that no environment can
///   hold, and for two parameters that would share a variable.
result<environment_map> command_environment(const job_context& context,
                                            const command_line& what);

} // namespace jobq
