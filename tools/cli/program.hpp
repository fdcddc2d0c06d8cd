#pragma once

#include <string>
#include <vector>

namespace jobq {

/// The whole of `jobq`: reads the words of the command line and the
/// environment, carries out the command, prints to descriptors 1 and 2.
/// @returns the exit code
int run_program(const std::vector<std::string>& words);

} // namespace jobq
