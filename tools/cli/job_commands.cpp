#include <string>

#include <nlohmann/json.hpp>

#include "jobs/names.hpp"
#include "tools/cli/command.hpp"
#include "tools/cli/render_jobs.hpp"

namespace jobq {

namespace {

/// A path under a job, whose name may be anything that a person typed.
result<std::string> job_path(const std::string& name,
                             const std::string& rest = {}) {
  if (!is_job_name(name))
    return fail(errc::not_found, "job \"" + name
                                     + "\" not found: a job's name is up to 64 "
                                       "of a-z, 0-9, _ . -");
  return "/v1/jobs/" + name + rest;
}

exit_code switch_jobs(command_context& context, const std::string& verb) {
  auto connected = context.where.connect();
  if (!connected)
    return complain(context.out, connected.error());
  auto& client = *connected->client;
  // A wrong name among several is found out before anything is changed.
  for (const auto& name : context.line.positionals) {
    const auto path = job_path(name);
    if (!path)
      return complain(context.out, path.error());
    if (const auto job = get(client, *path); !job)
      return complain(context.out, job.error());
  }
  const json body{{"reason", context.line.value("reason").value_or("")}};
  for (const auto& name : context.line.positionals) {
    const auto done = post(client, "/v1/jobs/" + name + "/" + verb, body);
    if (!done)
      return complain(context.out, done.error());
    if (context.out.json())
      context.out.print(json_line(*done) + "\n");
    else if (!context.out.quiet())
      context.out.print(name + " is " + verb + "d\n");
  }
  return exit_code::ok;
}

} // namespace

exit_code list_command(command_context& context) {
  auto connected = context.where.connect();
  if (!connected)
    return complain(context.out, connected.error());
  const auto answer = get(*connected->client, "/v1/jobs");
  if (!answer)
    return complain(context.out, answer.error());
  const auto& jobs = part_of(*answer, "jobs");
  if (context.out.json()) {
    for (const auto& job : jobs)
      context.out.print(json_line(job) + "\n");
    return exit_code::ok;
  }
  if (jobs.empty())
    context.out.note("the configuration has no jobs");
  else
    context.out.print(render_jobs(jobs, context.out.look()));
  for (const auto& job : jobs)
    if (has_value(job, "problem"))
      context.out.note(text_of(job, "name") + ": " + text_of(job, "problem"));
  return exit_code::ok;
}

exit_code show_command(command_context& context) {
  const auto path = job_path(context.line.positionals[0]);
  if (!path)
    return complain(context.out, path.error());
  auto connected = context.where.connect();
  if (!connected)
    return complain(context.out, connected.error());
  const auto job = get(*connected->client, *path);
  if (!job)
    return complain(context.out, job.error());
  context.out.print(context.out.json() ? json_line(*job) + "\n"
                                       : render_job(*job, context.out.look()));
  return exit_code::ok;
}

exit_code enable_command(command_context& context) {
  return switch_jobs(context, "enable");
}

exit_code disable_command(command_context& context) {
  return switch_jobs(context, "disable");
}

} // namespace jobq
