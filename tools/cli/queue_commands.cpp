#include <limits>
#include <string>

#include <nlohmann/json.hpp>

#include "jobs/run_id.hpp"
#include "tools/cli/command.hpp"
#include "tools/cli/log_text.hpp"
#include "tools/cli/render_runs.hpp"
#include "tools/cli/values.hpp"

namespace jobq {

namespace {

exit_code follow_log(command_context& context, connection& connected,
                     const std::string& id) {
  auto& out = context.out;
  result<void> read{};
  const auto ended = connected.client->follow(
      make_request("GET", "/v1/runs/" + id + "/stream"),
      [&](const std::string& line) {
        if (line.empty())
          return true;
        const auto event = read_line(line);
        if (!event) {
          read = tl::unexpected(event.error());
          return false;
        }
        if (out.json())
          out.print(line + "\n");
        else if (text_of(*event, "event") == "log")
          out.print(printable_log(raw_text_of(*event, "text")));
        return !out.gone() && out.failure() == 0;
      });
  for (const auto& each : {ended, read})
    if (!each)
      return complain(out, each.error());
  return exit_code::ok;
}

} // namespace

exit_code runs_command(command_context& context) {
  const auto state = state_of(context.line);
  if (!state)
    return complain(context.out, state.error());
  const auto count = whole_number(context.line, "count", 20, 1, 1000);
  if (!count)
    return complain(context.out, count.error());
  auto connected = context.where.connect();
  if (!connected)
    return complain(context.out, connected.error());
  const auto answer = get(*connected->client, "/v1/runs",
                          {{"state", *state},
                           {"job", context.line.value("job").value_or("")},
                           {"n", std::to_string(*count)}});
  if (!answer)
    return complain(context.out, answer.error());
  const auto& runs = part_of(*answer, "runs");
  if (context.out.json()) {
    for (const auto& run : runs)
      context.out.print(json_line(run) + "\n");
  } else if (runs.empty()) {
    context.out.note("no such runs");
  } else {
    context.out.print(render_queue(runs, context.out.look()));
  }
  return exit_code::ok;
}

exit_code run_info_command(command_context& context) {
  const auto id = run_id::parse(context.line.positionals[0]);
  if (!id)
    return complain(context.out, id.error());
  auto connected = context.where.connect();
  if (!connected)
    return complain(context.out, connected.error());
  const auto run = get(*connected->client, "/v1/runs/" + id->to_string());
  if (!run)
    return complain(context.out, run.error());
  context.out.print(context.out.json() ? json_line(*run) + "\n"
                                       : render_run(*run, context.out.look()));
  return exit_code::ok;
}

exit_code logs_command(command_context& context) {
  const auto id = run_id::parse(context.line.positionals[0]);
  if (!id)
    return complain(context.out, id.error());
  const auto attempt = whole_number(context.line, "attempt", 0, 1,
                                    std::numeric_limits<std::uint32_t>::max());
  if (!attempt)
    return complain(context.out, attempt.error());
  if (*attempt != 0 && context.line.has("follow"))
    return complain(context.out,
                    {errc::invalid_argument,
                     "--follow shows every attempt; leave --attempt away"});
  auto connected = context.where.connect();
  if (!connected)
    return complain(context.out, connected.error());
  if (context.line.has("follow"))
    return follow_log(context, *connected, id->to_string());
  const auto log
      = get(*connected->client, "/v1/runs/" + id->to_string() + "/log",
            {{"attempt", *attempt == 0 ? "" : std::to_string(*attempt)}});
  if (!log)
    return complain(context.out, log.error());
  if (context.out.json()) {
    context.out.print(json_line(*log) + "\n");
    return exit_code::ok;
  }
  const auto text = printable_log(raw_text_of(*log, "log"));
  if (text.empty())
    context.out.note("the attempt has logged nothing");
  context.out.print(text);
  return exit_code::ok;
}

} // namespace jobq
