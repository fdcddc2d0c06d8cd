#pragma once

#include "extensions/command/command.hpp"
#include "extensions/command/program.hpp"

namespace jobq {

/// Stays with a program until its end: listens to its control lines, hands on
/// its progress, heeds a request to stop, and judges how it ended. The contract
/// is `run_command`'s.
outcome attend(job_context& context, program& attended,
               const command_options& options);

} // namespace jobq
