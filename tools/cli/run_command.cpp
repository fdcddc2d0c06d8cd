#include <algorithm>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "jobs/names.hpp"
#include "tools/cli/command.hpp"
#include "tools/cli/render_runs.hpp"
#include "tools/cli/run_wait.hpp"
#include "tools/cli/values.hpp"

namespace jobq {

namespace {

using names = std::vector<std::string>;

void add_once(names& chosen, const std::string& name) {
  if (std::find(chosen.begin(), chosen.end(), name) == chosen.end())
    chosen.push_back(name);
}

/// The jobs that the line chooses; every wrong name is told at once.
result<names> choose_jobs(const arguments& line, const json& jobs) {
  names known;
  for (const auto& job : jobs)
    known.push_back(text_of(job, "name"));
  names chosen;
  std::string wrong;
  for (const auto& name : line.positionals) {
    if (std::find(known.begin(), known.end(), name) != known.end())
      add_once(chosen, name);
    else
      wrong += (wrong.empty() ? "" : "; ") + std::string{"job \""} + name
               + "\" not found" + did_you_mean(name, known);
  }
  for (const auto& tag : line.values("tag")) {
    bool any = false;
    for (const auto& job : jobs) {
      const auto& tags = part_of(job, "tags");
      if (std::find(tags.begin(), tags.end(), json(tag)) == tags.end())
        continue;
      any = true;
      if (flag_of(job, "enabled"))
        add_once(chosen, text_of(job, "name"));
    }
    if (!any)
      wrong += (wrong.empty() ? "" : "; ")
               + std::string{"no job has the tag \""} + tag + "\"";
  }
  if (line.has("all"))
    for (const auto& job : jobs)
      if (flag_of(job, "enabled"))
        add_once(chosen, text_of(job, "name"));
  if (!wrong.empty())
    return fail(errc::not_found, wrong + "; nothing was started");
  return chosen;
}

json run_body(const std::map<std::string, std::string>& parameters,
              bool dry_run) {
  json body;
  body["parameters"] = json(parameters);
  if (dry_run)
    body["enforce"] = false;
  return body;
}

/// Without waiting: what has been started.
void show_started(console& out, const std::vector<json>& runs) {
  for (const auto& run : runs) {
    if (out.json())
      out.print(json_line(run) + "\n");
    else if (out.quiet())
      out.print(text_of(run, "id") + "\n");
    else
      out.print(run_name(run) + " started as run " + text_of(run, "id") + "\n");
  }
}

/// Runs one of core's functions on its own parameters and waits.
exit_code run_function(command_context& context, const std::string& function,
                       const std::map<std::string, std::string>& parameters) {
  auto connected = context.where.connect();
  if (!connected)
    return complain(context.out, connected.error());
  auto run = post(*connected->client, "/v1/functions/core/" + function + "/run",
                  run_body(parameters, context.line.has("dry-run")));
  if (!run)
    return complain(context.out, run.error());
  return wait_for_runs(context, *connected, {std::move(*run)}, std::nullopt);
}

} // namespace

exit_code run_command(command_context& context) {
  const auto& line = context.line;
  const auto parameters = parameters_of(line);
  if (!parameters)
    return complain(context.out, parameters.error());
  const auto timeout = duration_of(line, "timeout");
  if (!timeout)
    return complain(context.out, timeout.error());
  if (*timeout && line.has("no-wait"))
    return complain(context.out,
                    {errc::invalid_argument,
                     "--timeout is about waiting; leave --no-wait away"});
  if (line.positionals.empty() && !line.has("all") && !line.has("tag"))
    return complain(context.out,
                    {errc::invalid_argument,
                     "which job? type: jobq run NAME..., jobq run --tag TAG, "
                     "or jobq run --all"});
  if (!line.positionals.empty() && line.has("all"))
    return complain(context.out,
                    {errc::invalid_argument, "give names or --all, not both"});
  auto connected = context.where.connect();
  if (!connected)
    return complain(context.out, connected.error());
  const auto answer = get(*connected->client, "/v1/jobs");
  if (!answer)
    return complain(context.out, answer.error());
  const auto chosen = choose_jobs(line, part_of(*answer, "jobs"));
  if (!chosen)
    return complain(context.out, chosen.error());
  if (chosen->empty()) {
    context.out.note("no enabled job to run");
    return exit_code::ok;
  }
  auto worst = exit_code::ok;
  std::vector<json> runs;
  for (const auto& name : *chosen) {
    auto run = post(*connected->client, "/v1/jobs/" + name + "/run",
                    run_body(*parameters, line.has("dry-run")));
    if (run)
      runs.push_back(std::move(*run));
    else
      worst = complain(context.out,
                       {run.error().code, name + ": " + run.error().message});
  }
  if (line.has("no-wait")) {
    show_started(context.out, runs);
    if (!connected->server && !runs.empty())
      context.out.note("no server is running: what has not ended goes on when "
                       "one starts");
    return worst;
  }
  if (runs.empty())
    return worst;
  const auto waited
      = wait_for_runs(context, *connected, std::move(runs), *timeout);
  return worst == exit_code::ok ? waited : worst;
}

exit_code cleanup_sessions_command(command_context& context) {
  const auto hours = whole_number(context.line, "hours", 1, 0,
                                  std::numeric_limits<std::int64_t>::max());
  if (!hours)
    return complain(context.out, hours.error());
  return run_function(context, "cleanup_inactive_sessions",
                      {{"inactive_hours", std::to_string(*hours)}});
}

exit_code log_cleanup_command(command_context& context) {
  const auto days = whole_number(context.line, "days", 30, 0,
                                 std::numeric_limits<std::int64_t>::max());
  if (!days)
    return complain(context.out, days.error());
  return run_function(
      context, "database_cleanup",
      {{"log_retention_days", std::to_string(*days)}, {"only", "logs"}});
}

} // namespace jobq
