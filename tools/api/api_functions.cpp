#include <algorithm>
#include <utility>

#include "jobs/due.hpp"
#include "jobs/names.hpp"
#include "tools/api/handlers.hpp"
#include "tools/api/input.hpp"
#include "tools/runtime.hpp"

namespace jobq {

namespace {

result<const function_entry*> find_function(const api_call& call,
                                            const registry& functions) {
  const auto& extension = call.names[0];
  const auto& name = call.names[1];
  if (const auto* found = functions.find(extension, name); found != nullptr)
    return found;
  const auto known = functions.names();
  const auto at = known.find(extension);
  if (at != known.end())
    return fail(errc::not_found, "extension \"" + extension
                                     + "\" has no function \"" + name + "\""
                                     + did_you_mean(name, at->second));
  std::vector<std::string> extensions;
  for (const auto& [each, ignored] : known)
    extensions.push_back(each);
  return fail(errc::not_found, "extension \"" + extension + "\" not found"
                                   + did_you_mean(extension, extensions));
}

/// The job that a run of the function counts as: the one that is named, or else
/// the configured one of that function. Its policies hold; its parameters do
/// not, since the caller names his own.
result<job_definition> job_of(const api_call& call,
                              const function_entry& function) {
  const auto label = text_field(call.body, "job");
  if (!label)
    return tl::unexpected(label.error());
  if (!label->empty() && !is_job_name(*label))
    return fail(errc::invalid_argument,
                "\"" + *label
                    + "\" is not a job's name: up to 64 of a-z, 0-9, _ . -");
  const auto& jobs = call.config->jobs;
  const auto at = std::find_if(jobs.begin(), jobs.end(), [&](const auto& job) {
    return job.extension == function.extension && job.function == function.name
           && (label->empty() || job.name == *label);
  });
  if (at != jobs.end())
    return *at;
  job_definition made;
  made.name = *label;
  made.extension = function.extension;
  made.function = function.name;
  return made;
}

} // namespace

result<json> run_function(const api_call& call) {
  const auto catalog = call.target.functions();
  const auto function = find_function(call, catalog->functions);
  if (!function)
    return tl::unexpected(function.error());
  auto parameters = parameters_field(call.body);
  if (!parameters)
    return tl::unexpected(parameters.error());
  if (const auto wrong = check_parameters(**function, *parameters);
      !wrong.empty())
    return fail(errc::invalid_argument, wrong);
  const auto enforce = flag_field(call.body, "enforce");
  if (!enforce)
    return tl::unexpected(enforce.error());
  const auto job = job_of(call, **function);
  if (!job)
    return tl::unexpected(job.error());

  auto made
      = make_run(*job, trigger::manual, run_id::random(call.now), call.now);
  made.parameters = std::move(*parameters);
  made.enforce = enforce->value_or(true);
  return enqueue_run(call, std::move(made));
}

} // namespace jobq
