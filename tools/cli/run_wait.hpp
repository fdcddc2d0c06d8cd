#pragma once

#include <optional>
#include <vector>

#include "jobs/time.hpp"
#include "tools/cli/command.hpp"

namespace jobq {

/// Waits for runs that have been started: shows their logs, their progress and
/// what each came to. A timeout or an interrupt ends the waiting, and so does a
/// server that begins none of those that are left; in this process an interrupt
/// cancels the runs instead.
/// @param runs the API's run objects
/// @returns `failed` unless every run is completed
exit_code wait_for_runs(command_context& context, connection& from,
                        std::vector<json> runs,
                        std::optional<milliseconds> timeout);

} // namespace jobq
