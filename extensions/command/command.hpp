#pragma once

#include <unistd.h>

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "extensions/job_function.hpp"
#include "jobs/error.hpp"
#include "jobs/stop_ladder.hpp"

namespace jobq {

/// A program as a job. docs/command.md tells its users what it sees and says.
struct command_line {
  /// The program and its arguments. A name without a slash is looked for in the
  /// PATH of the program's own environment; no shell ever reads any of it.
  std::vector<std::string> argv;
  /// Added to a clean environment, and stronger than it.
  std::map<std::string, std::string> env;
  /// Empty: that of the calling process.
  std::string working_directory;
};

struct command_options {
  /// Descriptors of the calling process that become the program's own. They may
  /// be the same; they stay open.
  int standard_output = STDOUT_FILENO;
  int standard_error = STDERR_FILENO;
  /// From SIGTERM to SIGKILL.
  milliseconds kill_after = stop_ladder::program;
  /// False: look for the program's end in short intervals, as is done anyway
  /// where the kernel has no pidfd_open.
  bool use_pidfd = true;
};

/// Runs a program to its end, in a process group of its own, and returns what
/// it came to. Nothing of the calling process but the two descriptors of
/// `options` is open in the program; its standard input is empty.
///
/// `context.stop_requested` is asked at least every 20 ms. Once it says yes the
/// group gets SIGTERM, and SIGKILL after `kill_after`; what is left of the
/// group when the program itself has ended is killed. A program that was not
/// asked to stop is not waited for beyond its own end: processes that it leaves
/// in the background go on.
///
/// The outcome:
/// - `succeeded` for exit code 0, `failed` for any other or a signal;
/// - `failed` and not retryable when the program can't be started as it is
///   described; retryable when the system lacked something;
/// - `job_result::stopped()` when it was asked to stop, however it ended.
/// `process` is filled once there was a process, but for `process->output`.
/// `peak_memory` is the kernel's figure, which counts from before the program
/// took the place of a copy of the calling process: no less than that one had.
///
/// Thread-safe, as long as nobody else waits for the calling process's
/// children (`waitpid(-1)`).
outcome run_command(job_context& context, const command_line& what,
                    const command_options& options = {});

/// The entry `command.exec`. Its call asks `of` for the run's command line; an
/// error is a failure that is not retried. Without `of` it can be listed and
/// checked, but not called. It takes parameters of any name.
function_entry
command_function(std::function<result<command_line>(const job_context&)> of);

} // namespace jobq
