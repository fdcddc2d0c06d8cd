#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "extensions/command/descriptor.hpp"

namespace jobq {

/// A process to make. Descriptors are those of the calling process.
struct spawn_request {
  std::string file; ///< executed as it is
  std::vector<std::string> argv;
  std::vector<std::string> environment; ///< `NAME=VALUE`
  int directory = -1;                   ///< to start in
  int output = -1;
  int error = -1;
  int control = -1; ///< `control_descriptor` in the process
};

/// Makes the process: leader of a new group, no signal blocked or ignored, the
/// null device as standard input, and no descriptor beyond the control one.
/// @returns 0, or an errno, also of the execution itself
int spawn(const spawn_request& what, pid_t& id);

/// The same open file under a number that none of a program's own descriptors
/// has. @returns none and errno on failure
descriptor clear_of_standard(descriptor from);

} // namespace jobq
