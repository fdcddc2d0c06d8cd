#pragma once

#include <functional>
#include <string>

#include "extensions/registry.hpp"
#include "jobs/error.hpp"

namespace jobq::hosting {

/// The functions that a host program has without any library.
struct built_in_functions {
  registry functions;
  /// Tells an extension's functions, before each call, what the server sent
  /// beside the run (`execution_plan::setup`).
  std::function<result<void>(std::string_view extension,
                             std::string_view setup)>
      prepare;
};

/// The main function of a host program, which a server has started.
///
/// The program is two processes. The **warden** is the server's child: it
/// starts the runner, sees how it ends, kills what the runner leaves behind,
/// and ends when the server does. The **runner** is the process in which
/// functions run. Both are subreapers: a daemon that gives up its parent
/// becomes the runner's child, and the warden's when the runner is dead, so
/// that nobody escapes.
///
/// Descriptors as the server passes them: 0 is empty, 1 and 2 are the output
/// that the server reads, 3 leads from the warden to the server, 4 from the
/// runner.
/// @returns the process's exit code
int host_main(const std::function<built_in_functions()>& built_in);

/// Descriptors of the host program.
inline constexpr int warden_socket = 3;
inline constexpr int runner_socket = 4;

/// The exit code of a runner whose socket is gone.
inline constexpr int lost_server = 113;

} // namespace jobq::hosting
