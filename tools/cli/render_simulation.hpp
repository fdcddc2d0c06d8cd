#pragma once

#include <string>

#include "tools/cli/fields.hpp"
#include "tools/cli/style.hpp"

namespace jobq {

/// The document of `jobq simulate --json` as a table and a summary.
std::string render_simulation(const json& document, const style& look);

} // namespace jobq
