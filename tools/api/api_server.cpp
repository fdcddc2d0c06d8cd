#include <unistd.h>

#include <algorithm>
#include <utility>

#include "tools/api/handlers.hpp"
#include "tools/paths.hpp"
#include "tools/runtime.hpp"
#include "tools/version.hpp"

namespace jobq {

namespace {

using state_counts = std::map<run_state, std::uint64_t>;

std::uint64_t count_of(const state_counts& counts, run_state state) {
  const auto at = counts.find(state);
  return at == counts.end() ? 0 : at->second;
}

json queue_json(const queue_statistics& queue, time_point now) {
  std::optional<milliseconds> latency;
  if (queue.oldest_available)
    latency = std::max(milliseconds{0}, now - *queue.oldest_available);
  return {{"queue", queue.queue},
          {"available", count_of(queue.live, run_state::available)},
          {"scheduled", count_of(queue.live, run_state::scheduled)},
          {"running", count_of(queue.live, run_state::running)},
          {"retryable", count_of(queue.live, run_state::retryable)},
          {"latency_ms", duration_json(latency)}};
}

/// Runs by state: live ones now, finished ones ever.
json states_json(const store_statistics& stored,
                 const std::vector<job_statistics>& jobs) {
  state_counts totals;
  for (const auto& queue : stored.queues)
    for (const auto& [state, count] : queue.live)
      totals[state] += count;
  for (const auto& job : jobs)
    for (const auto& [state, count] : job.finished)
      totals[state] += count;
  auto made = json::object();
  for (const auto& [state, word] : run_state_words)
    made[std::string{word}] = count_of(totals, state);
  return made;
}

json config_json(const api_call& call) {
  auto files = json::array();
  for (const auto& file : call.config->files)
    files.push_back(file.string());
  auto warnings = json::array();
  for (const auto& each : call.target.warnings())
    warnings.push_back(fault_json(each));
  return {{"file", call.target.config_file().string()},
          {"files", std::move(files)},
          {"warnings", std::move(warnings)}};
}

json hosts_json(const api_call& call) {
  const auto hosts = call.target.hosts();
  const auto& user = call.target.host_settings().user;
  return {{"max_hosts", hosts.max_hosts},
          {"hosts", hosts.hosts},
          {"idle", hosts.idle},
          {"started", hosts.started},
          {"crashed", hosts.crashed},
          {"replaced", hosts.replaced},
          {"not_started", hosts.not_started},
          {"failure", text_json(hosts.failure)},
          {"user", user ? json(user->name) : json()},
          {"memory", to_string(hosts.contained.memory)},
          {"processes", to_string(hosts.contained.processes)},
          {"limits", describe(hosts.contained)}};
}

json libraries_json(const api_call& call) {
  auto made = json::array();
  for (const auto& each : call.target.functions()->libraries)
    made.push_back({{"path", each.path.string()},
                    {"extension", text_json(each.extension)},
                    {"release", text_json(each.release)},
                    {"functions", each.functions},
                    {"fault", text_json(each.fault)}});
  return made;
}

bool has_errors(const std::vector<config_fault>& faults) {
  return std::any_of(faults.begin(), faults.end(), [](const auto& each) {
    return each.level == severity::error;
  });
}

/// What only a server can do.
result<void> need_server(const api_call& call) {
  if (call.target.is_server())
    return {};
  return fail(errc::unavailable, "no server is running");
}

} // namespace

result<json> show_status(const api_call& call) {
  const auto stored = call.target.reads().statistics();
  if (!stored)
    return tl::unexpected(stored.error());
  const auto jobs = call.target.reads().statistics_by_job();
  if (!jobs)
    return tl::unexpected(jobs.error());
  const auto engine = call.target.jobs_engine().status();
  auto queues = json::array();
  for (const auto& queue : stored->queues)
    queues.push_back(queue_json(queue, call.now));

  json made;
  made["version"] = version;
  made["instance"] = engine.instance;
  made["pid"] = ::getpid();
  made["server"] = call.target.is_server();
  made["started_at"] = time_json(engine.started_at);
  made["ticking"] = engine.ticking;
  made["draining"] = engine.draining;
  made["workers"] = engine.workers;
  made["running"] = engine.running;
  made["jobs"] = engine.jobs;
  made["restarts"] = engine.restarts;
  made["failure"] = text_json(engine.failure);
  made["store"] = {{"path", store_path(call.target.data()).string()},
                   {"format", stored->format},
                   {"disk_bytes", stored->disk_bytes},
                   {"last_sequence", stored->last_sequence}};
  made["queues"] = std::move(queues);
  made["states"] = states_json(*stored, *jobs);
  made["config"] = config_json(call);
  made["hosts"] = hosts_json(call);
  made["libraries"] = libraries_json(call);
  return made;
}

result<json> reload_config(const api_call& call) {
  if (const auto server = need_server(call); !server)
    return tl::unexpected(server.error());
  const auto faults = call.target.reload();
  if (!faults)
    return tl::unexpected(faults.error());
  if (has_errors(*faults)) {
    std::string lines = "the configuration has errors, nothing was changed:";
    for (const auto& each : *faults)
      lines.append("\n").append(each.to_string());
    return fail(errc::invalid_argument, std::move(lines));
  }
  auto warnings = json::array();
  for (const auto& each : *faults)
    warnings.push_back(fault_json(each));
  return json{{"warnings", std::move(warnings)}};
}

result<json> drain_server(const api_call& call) {
  if (const auto server = need_server(call); !server)
    return tl::unexpected(server.error());
  call.target.jobs_engine().drain();
  return json::object();
}

result<json> stop_server(const api_call& call) {
  if (const auto asked = call.target.request_stop(); !asked)
    return tl::unexpected(asked.error());
  return json::object();
}

} // namespace jobq
