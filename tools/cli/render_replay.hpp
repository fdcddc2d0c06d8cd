#pragma once

#include <string>

#include "tools/cli/fields.hpp"
#include "tools/cli/style.hpp"

namespace jobq {

/// `replay --plan`: the plan as a table, its sum and what to do next.
/// @param ranged whether the request named ticks instead of leaving it to the
///   jobs' policies
std::string render_replay(const json& plan, bool ranged, const style& look);

} // namespace jobq
