#include <chrono>
#include <iterator>
#include <limits>
#include <string>

#include <nlohmann/json.hpp>

#include "tools/cli/command.hpp"
#include "tools/cli/render_runs.hpp"
#include "tools/cli/values.hpp"

namespace jobq {

namespace {

/// Whether the API's filter, which knows states alone, leaves too much.
bool has_outcome(const json& run, const std::string& outcome) {
  return outcome.empty() || text_of(run, "outcome") == outcome;
}

/// Prints completions as they happen, until the reader or the server goes.
exit_code follow_history(command_context& context, connection& connected,
                         std::map<std::string, std::string> query,
                         const std::string& outcome) {
  if (!connected.server)
    return complain(context.out,
                    {errc::unavailable,
                     "no server is running, so nothing would ever come; start "
                     "one: jobqd; or leave --follow away"});
  query.erase("n");
  query.erase("since");
  auto& out = context.out;
  const auto ended = connected.client->follow(
      make_request("GET", "/v1/history/stream", std::move(query)),
      [&](const std::string& line) {
        if (line.empty())
          return true;
        const auto run = read_line(line);
        if (run && has_outcome(*run, outcome))
          out.print(out.json() ? line + "\n"
                               : render_completion(*run, out.look()));
        return !out.gone() && out.failure() == 0;
      });
  if (out.gone() || out.failure() != 0)
    return exit_code::ok;
  if (!ended)
    return complain(out, ended.error());
  out.complain("the server has ended the stream");
  return exit_code::unavailable;
}

} // namespace

exit_code history_command(command_context& context) {
  const auto& line = context.line;
  const auto now
      = std::chrono::floor<milliseconds>(std::chrono::system_clock::now());
  const auto status = status_of(line);
  if (!status)
    return complain(context.out, status.error());
  const auto since = since_of(line, "since", now);
  if (!since)
    return complain(context.out, since.error());
  const auto count = whole_number(line, "count", 20, 1, 1000);
  if (!count)
    return complain(context.out, count.error());
  const auto sequence = whole_number(line, "since-sequence", 0, 0,
                                     std::numeric_limits<std::int64_t>::max());
  if (!sequence)
    return complain(context.out, sequence.error());
  if (line.has("follow") && line.has("since"))
    return complain(context.out,
                    {errc::invalid_argument,
                     "--follow takes no --since; to resume a stream type "
                     "--since-sequence N"});
  std::map<std::string, std::string> query{
      {"job", line.value("job").value_or("")},
      {"status", status->state},
      {"since", *since ? format_utc(**since) : ""},
      // What is left out here must not count there.
      {"n", status->outcome.empty() ? std::to_string(*count) : "10000"},
      {"since_sequence",
       line.has("since-sequence") ? std::to_string(*sequence) : ""}};
  auto connected = context.where.connect();
  if (!connected)
    return complain(context.out, connected.error());
  if (line.has("follow"))
    return follow_history(context, *connected, std::move(query),
                          status->outcome);
  const auto answer = get(*connected->client, "/v1/history", std::move(query));
  if (!answer)
    return complain(context.out, answer.error());
  auto runs = json::array();
  for (const auto& run : part_of(*answer, "runs"))
    if (std::ssize(runs) < *count && has_outcome(run, status->outcome))
      runs.push_back(run);
  if (context.out.json()) {
    for (const auto& run : runs)
      context.out.print(json_line(run) + "\n");
  } else if (runs.empty()) {
    context.out.note("no finished runs");
  } else {
    context.out.print(render_history(runs, context.out.look()));
  }
  return exit_code::ok;
}

} // namespace jobq
