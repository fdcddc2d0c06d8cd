#pragma once

#include <string>

#include "tools/cli/command_table.hpp"

namespace jobq {

/// All commands, a line each, and the options that all of them take.
std::string overview_help();

/// One command: usage, what it does, its options, examples.
std::string command_help(const command_spec& command);

} // namespace jobq
