#include <utility>
#include <vector>

#include "jobs/due.hpp"
#include "tools/api/handlers.hpp"
#include "tools/api/input.hpp"
#include "tools/runtime.hpp"

/// Runs of configured jobs: one, or many in one commit.
namespace jobq {

namespace {

constexpr std::size_t most_in_batch = 1'000;

result<run> read_run(const api_call& call, const json& one) {
  static const std::vector<std::string> fields{"job", "parameters", "enforce"};
  if (!one.is_object())
    return fail(errc::invalid_argument, "must be a JSON object");
  if (const auto known = check_fields(one, fields); !known)
    return tl::unexpected(known.error());
  const auto name = text_field(one, "job");
  if (!name)
    return tl::unexpected(name.error());
  if (name->empty())
    return fail(errc::invalid_argument, "field \"job\" is missing");
  const auto job = find_job(call, *name);
  if (!job)
    return tl::unexpected(job.error());
  return manual_run(call, **job, one);
}

} // namespace

result<run> manual_run(const api_call& call, const job_definition& job,
                       const json& body) {
  auto extra = parameters_field(body);
  if (!extra)
    return tl::unexpected(extra.error());
  const auto enforce = flag_field(body, "enforce");
  if (!enforce)
    return tl::unexpected(enforce.error());
  const auto catalog = call.target.functions();
  const auto* function = catalog->functions.find(job.extension, job.function);
  if (function == nullptr)
    return fail(errc::invalid_state, "job \"" + job.name + "\" can't run: "
                                         + catalog->why_not_runnable(job));
  auto made
      = make_run(job, trigger::manual, run_id::random(call.now), call.now);
  for (auto& [name, value] : *extra)
    made.parameters[name] = std::move(value);
  if (const auto wrong = check_parameters(*function, made.parameters);
      !wrong.empty())
    return fail(errc::invalid_argument, wrong);
  made.enforce = enforce->value_or(made.enforce);
  return made;
}

result<json> enqueue_runs(const api_call& call) {
  const auto asked = call.body.find("runs");
  if (asked == call.body.end() || !asked->is_array() || asked->empty())
    return fail(errc::invalid_argument,
                "field \"runs\" must be an array of runs");
  if (asked->size() > most_in_batch)
    return fail(errc::invalid_argument,
                "field \"runs\" has " + std::to_string(asked->size())
                    + " runs; at most " + std::to_string(most_in_batch)
                    + " go into one commit");
  command::enqueue all;
  all.runs.reserve(asked->size());
  std::vector<run_id> made_ids;
  for (const auto& one : *asked) {
    auto made = read_run(call, one);
    if (!made)
      return fail(made.error().code, "runs[" + std::to_string(all.runs.size())
                                         + "]: " + made.error().message);
    made_ids.push_back(made->id);
    all.runs.push_back(std::move(*made));
  }
  auto ids = json::array();
  const auto done = call.target.jobs_engine().perform(std::move(all), [&] {
    for (const auto& one : made_ids)
      ids.push_back(one.to_string());
  });
  if (!done)
    return tl::unexpected(done.error());
  return json{{"ids", std::move(ids)}};
}

} // namespace jobq
