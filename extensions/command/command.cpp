#include "extensions/command/command.hpp"

#include <algorithm>
#include <utility>

#include "extensions/command/attendance.hpp"
#include "extensions/command/environment.hpp"
#include "extensions/command/program.hpp"

namespace jobq {

namespace {

/// What no program can be started with.
std::string fault_of(const command_line& what) {
  auto has_nul = [](const std::string& text) {
    return text.find('\0') != std::string::npos;
  };
  if (what.argv.empty())
    return "command is empty: give [PROGRAM, ARGUMENT...]";
  if (what.argv.front().empty())
    return "command: the program's name is empty";
  if (std::any_of(what.argv.begin(), what.argv.end(), has_nul))
    return "command: an argument has a NUL byte";
  if (has_nul(what.working_directory))
    return "working_directory has a NUL byte";
  return {};
}

} // namespace

outcome run_command(job_context& context, const command_line& what,
                    const command_options& options) {
  if (auto fault = fault_of(what); !fault.empty())
    return job_result::failed(std::move(fault), false);
  auto environment = command_environment(context, what);
  if (!environment)
    return job_result::failed(environment.error().message, false);
  if (context.stop_requested())
    return job_result::stopped("asked to stop before the program was started");
  auto started = program::start(what, *environment, options);
  if (!started)
    return job_result::failed(started.error().message,
                              started.error().code == errc::busy);
  return attend(context, *started, options);
}

function_entry
command_function(std::function<result<command_line>(const job_context&)> of) {
  function_entry made;
  made.extension = "command";
  made.name = "exec";
  made.description = "Run a program";
  made.any_parameters = true;
  if (of)
    made.call = [of = std::move(of)](job_context& context) {
      auto what = of(context);
      if (!what)
        return job_result::failed(what.error().message, false);
      return run_command(context, *what);
    };
  return made;
}

} // namespace jobq
