#include <algorithm>
#include <map>
#include <utility>

#include "jobs/due.hpp"
#include "jobs/names.hpp"
#include "tools/api/handlers.hpp"
#include "tools/api/input.hpp"
#include "tools/runtime.hpp"

namespace jobq {

namespace {

constexpr std::size_t shown_ticks = 5;
constexpr std::uint32_t shown_runs = 5;

using switch_map = std::map<std::string, job_switch>;
using statistics_map = std::map<std::string, job_statistics>;

/// What the store knows of all jobs, read once per request.
struct stored_facts {
  switch_map switches;
  statistics_map counts;
};

result<stored_facts> read_facts(const store& reads) {
  auto switches = reads.switches();
  if (!switches)
    return tl::unexpected(switches.error());
  auto counts = reads.statistics_by_job();
  if (!counts)
    return tl::unexpected(counts.error());
  stored_facts facts;
  for (auto& each : *switches)
    facts.switches.emplace(each.job, std::move(each));
  for (auto& each : *counts)
    facts.counts.emplace(each.job, std::move(each));
  return facts;
}

/// Whether the job's schedule may fire at all.
bool is_active(const configuration& config, const job_definition& job,
               const job_facts& facts) {
  const bool enabled = facts.person ? facts.person->enabled : job.enabled;
  return config.enabled && enabled && facts.problem.empty();
}

/// The engine knows when the next tick fires. Where none ticks, because this is
/// no server, it is when a server would fire it.
std::optional<time_point> next_run(const api_call& call,
                                   const job_definition& job,
                                   const job_facts& facts) {
  if (!is_active(*call.config, job, facts) || !job.schedule)
    return std::nullopt;
  if (call.target.is_server())
    return call.target.jobs_engine().next_run(job);
  return job.schedule->next(call.now, job.timezone, job.gap, job.overlap);
}

job_facts facts_of(const api_call& call, const job_definition& job,
                   const stored_facts& stored) {
  job_facts facts;
  if (const auto at = stored.switches.find(job.name);
      at != stored.switches.end())
    facts.person = at->second;
  if (const auto at = stored.counts.find(job.name); at != stored.counts.end()) {
    facts.counts = at->second;
    if (at->second.last_run)
      // A run that retention has deleted since is no error.
      if (auto last = call.target.reads().find_run(*at->second.last_run))
        facts.last_run = std::move(*last);
  }
  facts.problem = call.target.functions()->why_not_runnable(job);
  facts.next_run = next_run(call, job, facts);
  return facts;
}

json check_json(std::string_view what, bool ok, std::string message) {
  return {{"check", what}, {"ok", ok}, {"message", std::move(message)}};
}

json check_enabled(const api_call& call, const job_definition& job,
                   const job_facts& facts) {
  const auto said = [&](std::string_view word) {
    auto text = std::string{word} + " by " + facts.person->by + " at "
                + format_utc(facts.person->at);
    return facts.person->reason.empty() ? text
                                        : text + ": " + facts.person->reason;
  };
  if (!call.config->enabled)
    return check_json("enabled", false,
                      "the scheduler is off (scheduler.enabled: false)");
  if (facts.person)
    return check_json("enabled", facts.person->enabled,
                      said(facts.person->enabled ? "enabled" : "disabled"));
  return check_json("enabled", job.enabled,
                    job.enabled ? "enabled in the configuration"
                                : "disabled in the configuration");
}

json check_schedule(const job_definition& job, bool fires) {
  if (!job.schedule)
    return check_json("schedule", true, "none: runs only by hand");
  return check_json("schedule", fires,
                    fires ? job.schedule->describe() : "it never fires");
}

/// Extension, function and parameters: each can only be right when the one
/// before it is.
void check_function(const function_catalog& catalog, const job_definition& job,
                    json& checks) {
  const auto* function = catalog.functions.find(job.extension, job.function);
  const auto problem = catalog.why_not_runnable(job);
  const bool extension = catalog.functions.has_extension(job.extension);
  const auto name = "\"" + job.function + "\"";
  checks.push_back(check_json(
      "extension", extension,
      extension ? "extension \"" + job.extension + "\" is loaded" : problem));
  checks.push_back(
      check_json("function", function != nullptr,
                 function != nullptr ? "function " + name + " is there"
                 : extension         ? problem
                             : "function " + name + " needs its extension"));
  if (function == nullptr) {
    checks.push_back(check_json("parameters", false,
                                "can't be checked without the function"));
    return;
  }
  const auto wrong = check_parameters(*function, job.parameters);
  checks.push_back(
      check_json("parameters", wrong.empty(),
                 wrong.empty() ? "as the function takes them" : wrong));
}

/// The job's next ticks in its own zone, whether or not it is enabled.
json next_ticks(const api_call& call, const job_definition& job) {
  auto ticks = json::array();
  if (!job.schedule)
    return ticks;
  auto after = call.now;
  while (ticks.size() < shown_ticks) {
    const auto tick
        = job.schedule->next(after, job.timezone, job.gap, job.overlap);
    if (!tick)
      break;
    ticks.push_back(format_in_zone(*tick, job.timezone));
    after = *tick;
  }
  return ticks;
}

result<json> switch_job(const api_call& call, bool enabled) {
  const auto job = find_job(call, call.names[0]);
  if (!job)
    return tl::unexpected(job.error());
  const auto reason = text_field(call.body, "reason");
  if (!reason)
    return tl::unexpected(reason.error());
  const auto made = call.target.jobs_engine().set_enabled((*job)->name, enabled,
                                                          call.user, *reason);
  if (!made)
    return tl::unexpected(made.error());
  return json{{"job", made->job},
              {"enabled", made->enabled},
              {"by", text_json(made->by)},
              {"reason", text_json(made->reason)},
              {"at", time_json(made->at)}};
}

} // namespace

result<const job_definition*> find_job(const api_call& call,
                                       const std::string& name) {
  if (const auto* job = call.config->find_job(name); job != nullptr)
    return job;
  std::vector<std::string> names;
  for (const auto& job : call.config->jobs)
    names.push_back(job.name);
  return fail(errc::not_found,
              "job \"" + name + "\" not found" + did_you_mean(name, names));
}

result<void> check_job_name(const api_call& call, const std::string& name) {
  if (call.config->find_job(name) != nullptr)
    return {};
  const auto counts = call.target.reads().statistics_by_job();
  if (!counts)
    return tl::unexpected(counts.error());
  const auto known
      = std::any_of(counts->begin(), counts->end(),
                    [&](const auto& each) { return each.job == name; });
  if (known)
    return {};
  return tl::unexpected(find_job(call, name).error());
}

result<json> enqueue_run(const api_call& call, run what) {
  command::enqueue one;
  one.runs.push_back(what);
  json answer;
  const auto done = call.target.jobs_engine().perform(
      std::move(one), [&] { answer = run_json(what); });
  if (!done)
    return tl::unexpected(done.error());
  return answer;
}

result<json> list_jobs(const api_call& call) {
  const auto name = text_query(call.query, "name");
  if (!name.empty())
    if (const auto job = find_job(call, name); !job)
      return tl::unexpected(job.error());
  const auto stored = read_facts(call.target.reads());
  if (!stored)
    return tl::unexpected(stored.error());
  auto jobs = json::array();
  for (const auto& job : call.config->jobs)
    if (name.empty() || job.name == name)
      jobs.push_back(job_json(job, facts_of(call, job, *stored)));
  return json{{"jobs", std::move(jobs)}};
}

result<json> show_job(const api_call& call) {
  const auto found = find_job(call, call.names[0]);
  if (!found)
    return tl::unexpected(found.error());
  const auto& job = **found;
  const auto stored = read_facts(call.target.reads());
  if (!stored)
    return tl::unexpected(stored.error());
  history_filter filter;
  filter.job = job.name;
  filter.limit = shown_runs;
  const auto last = call.target.reads().list_history(filter);
  if (!last)
    return tl::unexpected(last.error());

  const auto facts = facts_of(call, job, *stored);
  auto ticks = next_ticks(call, job);
  auto checks = json::array();
  checks.push_back(check_enabled(call, job, facts));
  checks.push_back(check_schedule(job, !ticks.empty()));
  check_function(*call.target.functions(), job, checks);
  auto runs = json::array();
  for (const auto& each : *last)
    runs.push_back(completion_json(each));

  auto made = job_json(job, facts);
  made["policies"] = policies_json(job);
  made["next_ticks"] = std::move(ticks);
  made["last_runs"] = std::move(runs);
  made["checks"] = std::move(checks);
  made["place"] = job.place.file + ":" + std::to_string(job.place.line);
  return made;
}

result<json> run_job(const api_call& call) {
  const auto found = find_job(call, call.names[0]);
  if (!found)
    return tl::unexpected(found.error());
  auto made = manual_run(call, **found, call.body);
  if (!made)
    return tl::unexpected(made.error());
  return enqueue_run(call, std::move(*made));
}

result<json> enable_job(const api_call& call) {
  return switch_job(call, true);
}

result<json> disable_job(const api_call& call) {
  return switch_job(call, false);
}

} // namespace jobq
