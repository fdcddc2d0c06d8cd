#pragma once

#include <string>

#include "tools/cli/fields.hpp"
#include "tools/cli/style.hpp"

namespace jobq {

/// `status`: server, store, queues, states and configuration.
/// @param server whether the answer came from one
std::string render_status(const json& status, bool server, const style& look);

} // namespace jobq
