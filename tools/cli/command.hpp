#pragma once

#include <map>
#include <string>
#include <string_view>

#include "tools/cli/arguments.hpp"
#include "tools/cli/console.hpp"
#include "tools/cli/fields.hpp"
#include "tools/cli/target.hpp"
#include "tools/exit_code.hpp"

namespace jobq {

/// What a command works with.
struct command_context {
  const arguments& line;
  console& out;
  target& where;
};

// job_commands.cpp
exit_code list_command(command_context& context);
exit_code show_command(command_context& context);
exit_code enable_command(command_context& context);
exit_code disable_command(command_context& context);

// run_command.cpp
exit_code run_command(command_context& context);
exit_code cleanup_sessions_command(command_context& context);
exit_code log_cleanup_command(command_context& context);

// history_command.cpp
exit_code history_command(command_context& context);

// ticks_command.cpp
exit_code ticks_command(command_context& context);

// replay_command.cpp
exit_code replay_command(command_context& context);

// queue_commands.cpp
exit_code runs_command(command_context& context);
exit_code run_info_command(command_context& context);
exit_code logs_command(command_context& context);

// choose_commands.cpp
exit_code cancel_command(command_context& context);
exit_code retry_command(command_context& context);
exit_code discard_command(command_context& context);

// next_command.cpp, check_command.cpp
exit_code next_command(command_context& context);
exit_code check_command(command_context& context);

// diff_command.cpp, simulate_command.cpp
exit_code diff_command(command_context& context);
exit_code simulate_command(command_context& context);

// bench_command.cpp
exit_code bench_command(command_context& context);

// server_commands.cpp
exit_code status_command(command_context& context);
exit_code reload_command(command_context& context);
exit_code drain_command(command_context& context);
exit_code stop_command(command_context& context);

/// Carries out the command that the line names.
exit_code carry_out(command_context& context);

/// Says what went wrong. @returns the exit code that belongs to it
exit_code complain(console& out, const error& failed);

/// A request in the name of the process's user.
api_request make_request(std::string_view method, std::string path,
                         std::map<std::string, std::string> query = {});

/// A GET, or a POST of `body`.
/// @returns the document that answers
result<json> get(api_client& client, std::string path,
                 std::map<std::string, std::string> query = {});
result<json> post(api_client& client, std::string path, const json& body);

/// A line of a stream.
result<json> read_line(const std::string& line);

} // namespace jobq
