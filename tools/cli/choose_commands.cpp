#include <set>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "jobs/run_id.hpp"
#include "tools/cli/command.hpp"
#include "tools/cli/render_runs.hpp"
#include "tools/cli/values.hpp"

namespace jobq {

namespace {

/// A command that changes chosen runs.
struct change {
  std::string verb;                ///< of the route: `cancel`
  std::string past;                ///< as it is told: `cancelled`
  std::vector<std::string> states; ///< what `--all` alone is about
};

result<void> check_choice(const arguments& line, const std::string& verb) {
  const auto filtered = line.has("state") || line.has("job");
  if (line.positionals.empty() && !line.has("all"))
    return fail(errc::invalid_argument,
                filtered ? "a filter may mean many runs; to mean it type: jobq "
                               + verb + " --all with the filters"
                         : "which runs? type: jobq " + verb + " ID..., or jobq "
                               + verb + " --all with --state or --job");
  if (!line.positionals.empty() && (line.has("all") || filtered))
    return fail(errc::invalid_argument,
                "give ids, or --all with filters, not both");
  return {};
}

/// The ids that the filters leave.
result<std::vector<std::string>>
filtered_ids(api_client& client, const arguments& line, const change& what) {
  const auto state = state_of(line);
  if (!state)
    return tl::unexpected(state.error());
  const auto states
      = state->empty() ? what.states : std::vector<std::string>{*state};
  std::vector<std::string> ids;
  for (const auto& each : states) {
    const auto answer = get(client, "/v1/runs",
                            {{"state", each},
                             {"job", line.value("job").value_or("")},
                             {"n", "1000"}});
    if (!answer)
      return tl::unexpected(answer.error());
    for (const auto& run : part_of(*answer, "runs"))
      ids.push_back(text_of(run, "id"));
  }
  return ids;
}

/// Changes one run and tells it.
exit_code change_run(command_context& context, api_client& client,
                     const std::string& id, const change& what) {
  const auto run
      = post(client, "/v1/runs/" + id + "/" + what.verb,
             json{{"reason", context.line.value("reason").value_or("")}});
  if (!run)
    return complain(context.out,
                    {run.error().code, id + ": " + run.error().message});
  if (context.out.json())
    context.out.print(json_line(*run) + "\n");
  else if (!context.out.quiet())
    context.out.print(id + " of " + run_name(*run) + ": "
                      + (flag_of(*run, "cancel_requested")
                                 && text_of(*run, "state") == "running"
                             ? "asked to stop"
                             : what.past)
                      + "\n");
  return exit_code::ok;
}

exit_code change_given(command_context& context, api_client& client,
                       const change& what) {
  auto worst = exit_code::ok;
  for (const auto& id : context.line.positionals)
    if (const auto done = change_run(context, client, id, what);
        done != exit_code::ok)
      worst = done;
  return worst;
}

/// A page of runs at a time, until a page has none that is new.
exit_code change_filtered(command_context& context, api_client& client,
                          const change& what) {
  auto worst = exit_code::ok;
  std::set<std::string> seen;
  while (true) {
    const auto ids = filtered_ids(client, context.line, what);
    if (!ids)
      return complain(context.out, ids.error());
    const auto before = seen.size();
    for (const auto& id : *ids)
      if (seen.insert(id).second)
        if (const auto done = change_run(context, client, id, what);
            done != exit_code::ok)
          worst = done;
    if (seen.size() == before)
      break;
  }
  if (seen.empty())
    context.out.note("no such runs");
  return worst;
}

exit_code carry_out_change(command_context& context, const change& what) {
  if (const auto good = check_choice(context.line, what.verb); !good)
    return complain(context.out, good.error());
  if (const auto state = state_of(context.line); !state)
    return complain(context.out, state.error());
  for (const auto& text : context.line.positionals)
    if (const auto id = run_id::parse(text); !id)
      return complain(context.out, id.error());
  auto connected = context.where.connect();
  if (!connected)
    return complain(context.out, connected.error());
  if (context.line.has("all"))
    return change_filtered(context, *connected->client, what);
  return change_given(context, *connected->client, what);
}

} // namespace

exit_code cancel_command(command_context& context) {
  return carry_out_change(context,
                          {"cancel",
                           "cancelled",
                           {"scheduled", "available", "retryable", "running"}});
}

exit_code retry_command(command_context& context) {
  return carry_out_change(context, {"retry", "available again", {"discarded"}});
}

exit_code discard_command(command_context& context) {
  return carry_out_change(
      context,
      {"discard", "discarded", {"scheduled", "available", "retryable"}});
}

} // namespace jobq
