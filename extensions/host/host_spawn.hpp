#pragma once

#include <filesystem>

#include <sys/types.h>

#include "jobs/error.hpp"

namespace jobq::hosting {

/// The server's ends of a new host process; non-blocking, closed on exec.
struct spawned_host {
  pid_t pid = -1;
  int warden = -1;
  int runner = -1;
  int output = -1;
};

/// Starts a host program (host_main.hpp has its descriptors) in a session of
/// its own, with an environment of a few names and no other descriptor.
/// @param label shown by ps
/// @returns `unavailable` with the reason, naming the program
result<spawned_host> spawn_host(const std::filesystem::path& program,
                                const std::string& label);

} // namespace jobq::hosting
