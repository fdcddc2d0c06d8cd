#pragma once

#include <nlohmann/json_fwd.hpp>

#include "tools/cli/command.hpp"

namespace jobq {

/// Waits for the runs of an applied replay with a bar of progress. An interrupt
/// ends the waiting alone: the runs go on, and another `replay --apply` waits
/// for them again.
/// @param applied the API's answer to `POST /v1/replay`
/// @returns `failed` unless every run is completed
exit_code wait_for_replay(command_context& context, const json& applied);

} // namespace jobq
