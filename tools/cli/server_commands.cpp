#include <string>

#include <nlohmann/json.hpp>

#include "tools/cli/command.hpp"
#include "tools/cli/render_status.hpp"

namespace jobq {

namespace {

/// A request that only a living server can answer.
exit_code tell_server(command_context& context, const std::string& verb,
                      const std::string& done) {
  auto connected = context.where.connect();
  if (connected && !connected->server)
    connected = fail(errc::unavailable, "no server is running, so there is "
                                        "nothing to "
                                            + verb + "; start one: jobqd");
  if (!connected)
    return complain(context.out, connected.error());
  const auto answer = post(*connected->client, "/v1/" + verb, json::object());
  if (!answer)
    return complain(context.out, answer.error());
  for (const auto& warning : part_of(*answer, "warnings"))
    context.out.note(warning.is_string() ? warning.get<std::string>()
                                         : json_line(warning));
  if (context.out.json())
    context.out.print(json_line(*answer) + "\n");
  else if (!context.out.quiet())
    context.out.print(done + "\n");
  return exit_code::ok;
}

} // namespace

exit_code status_command(command_context& context) {
  auto connected = context.where.connect();
  if (!connected)
    return complain(context.out, connected.error());
  const auto status = get(*connected->client, "/v1/status");
  if (!status)
    return complain(context.out, status.error());
  context.out.print(
      context.out.json()
          ? json_line(*status) + "\n"
          : render_status(*status, connected->server, context.out.look()));
  return exit_code::ok;
}

exit_code reload_command(command_context& context) {
  return tell_server(context, "reload", "the configuration was read again");
}

exit_code drain_command(command_context& context) {
  return tell_server(context, "drain", "the server starts no further runs");
}

exit_code stop_command(command_context& context) {
  return tell_server(context, "stop", "the server is stopping");
}

} // namespace jobq
