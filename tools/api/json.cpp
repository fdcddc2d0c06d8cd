#include "tools/api/json.hpp"

namespace jobq {

namespace {

/// The word for what a job's latest run came to, or does.
std::string_view status_word(const job_facts& facts) {
  if (facts.last_run) {
    const auto& last = *facts.last_run;
    const auto* ended = last.last_outcome();
    if (is_final(last.state) && ended != nullptr && last.reason.empty())
      return word_of(outcome_kind_words, ended->kind);
    return word_of(run_state_words, last.state);
  }
  if (facts.counts && facts.counts->last_state)
    return word_of(run_state_words, *facts.counts->last_state);
  return {};
}

json process_json(const std::optional<process_end>& end) {
  if (!end)
    return nullptr;
  return {
      {"exit_code", end->exit_code ? json(*end->exit_code) : json()},
      {"signal", end->signal ? json(*end->signal) : json()},
      {"peak_memory", end->peak_memory > 0 ? json(end->peak_memory) : json()},
      {"output", text_json(end->output)}};
}

json attempt_json(const attempt& what) {
  const auto& came_to = what.outcome;
  return {{"number", what.number},
          {"started_at", time_json(what.started_at)},
          {"finished_at", time_json(what.finished_at)},
          {"duration_ms", duration_json(what.finished_at - what.started_at)},
          {"outcome", word_of(outcome_kind_words, came_to.kind)},
          {"message", text_json(came_to.message)},
          {"error", text_json(came_to.error)},
          {"items_processed", came_to.items_processed},
          {"items_failed", came_to.items_failed},
          {"counters", json(came_to.counters)},
          {"process", process_json(came_to.process)}};
}

json backoff_json(const backoff& policy) {
  return {{"type", word_of(backoff_type_words, policy.type)},
          {"base_ms", duration_json(policy.base)},
          {"factor", policy.factor},
          {"max_ms", duration_json(policy.max)},
          {"jitter", policy.jitter}};
}

json limits_json(const resource_limits& limits) {
  return {{"memory", limits.memory ? json(*limits.memory) : json()},
          {"cpu_time_ms", duration_json(limits.cpu_time)},
          {"output", limits.output}};
}

json concurrency_json(const std::optional<concurrency_limit>& limit) {
  if (!limit)
    return nullptr;
  return {{"limit", limit->limit}, {"key", text_json(limit->key)}};
}

json rate_json(const std::optional<rate_limit>& limit) {
  if (!limit)
    return nullptr;
  return {{"limit", limit->limit}, {"period_ms", duration_json(limit->period)}};
}

} // namespace

std::string to_text(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

json time_json(const std::optional<time_point>& at) {
  return at ? json(format_utc(*at)) : json();
}

json duration_json(const std::optional<milliseconds>& value) {
  return value ? json(value->count()) : json();
}

json text_json(std::string_view text) {
  return text.empty() ? json() : json(text);
}

json map_json(const parameter_map& parameters) {
  auto made = json::object();
  for (const auto& [name, value] : parameters)
    made[name] = value;
  return made;
}

json run_json(const run& what) {
  // While an attempt is running, the one before it is not what it came to.
  const bool ended = what.state != run_state::running && !what.attempts.empty();
  const auto* last = ended ? &what.attempts.back() : nullptr;
  const auto* came_to = last != nullptr ? &last->outcome : nullptr;
  json made;
  made["id"] = what.id.to_string();
  made["job"] = text_json(what.job);
  made["extension"] = what.extension;
  made["function"] = what.function;
  made["state"] = word_of(run_state_words, what.state);
  made["trigger"] = word_of(trigger_words, what.trigger);
  made["queue"] = what.queue;
  made["priority"] = what.priority;
  made["attempt"] = what.attempt;
  made["max_attempts"] = what.max_attempts;
  made["nominal_time"] = time_json(what.nominal_time);
  made["created_at"] = time_json(what.created_at);
  made["scheduled_at"] = time_json(what.scheduled_at);
  made["started_at"] = time_json(what.started_at);
  made["finished_at"] = time_json(what.finished_at);
  made["duration_ms"]
      = last != nullptr ? duration_json(last->finished_at - last->started_at)
                        : json();
  made["outcome"] = came_to != nullptr
                        ? json(word_of(outcome_kind_words, came_to->kind))
                        : json();
  made["message"] = came_to != nullptr ? text_json(came_to->message) : json();
  made["items_processed"]
      = came_to != nullptr ? json(came_to->items_processed) : json();
  made["items_failed"]
      = came_to != nullptr ? json(came_to->items_failed) : json();
  made["counters"]
      = came_to != nullptr ? json(came_to->counters) : json::object();
  made["error"] = came_to != nullptr ? text_json(came_to->error) : json();
  made["parameters"] = map_json(what.parameters);
  made["enforce"] = what.enforce;
  made["missed_count"] = what.missed_count;
  made["cancel_requested"] = what.cancel_requested;
  made["reason"] = text_json(what.reason);
  return made;
}

json completion_json(const completion& what) {
  auto made = run_json(*what.run);
  made["sequence"] = what.sequence;
  return made;
}

json run_detail_json(const run& what) {
  auto made = run_json(what);
  auto attempts = json::array();
  for (const auto& each : what.attempts)
    attempts.push_back(attempt_json(each));
  made["attempts"] = std::move(attempts);
  return made;
}

json tick_json(const tick& what) {
  json made;
  made["job"] = what.job;
  if (what.count == 1) {
    made["nominal_time"] = time_json(what.nominal_time);
  } else {
    made["from"] = time_json(what.nominal_time);
    made["to"] = time_json(what.to);
    made["count"] = what.count;
  }
  made["fate"] = word_of(tick_fate_words, what.fate);
  made["run_id"] = what.run ? json(what.run->to_string()) : json();
  made["reason"] = text_json(what.reason);
  return made;
}

json job_json(const job_definition& job, const job_facts& facts) {
  json made;
  made["name"] = job.name;
  made["extension"] = job.extension;
  made["job"] = job.function;
  made["description"] = text_json(job.description);
  made["schedule"] = text_json(job.schedule_text);
  made["schedule_human"]
      = job.schedule ? text_json(job.schedule->describe()) : json();
  made["timezone"] = job.timezone.name();
  made["enabled"] = facts.person ? facts.person->enabled : job.enabled;
  made["queue"] = job.queue;
  made["tags"] = job.tags;
  made["last_run"]
      = facts.counts ? time_json(facts.counts->last_started_at) : json();
  made["last_status"] = text_json(status_word(facts));
  made["next_run"] = time_json(facts.next_run);
  made["run_count"] = facts.counts ? facts.counts->run_count : 0;
  made["mean_duration_ms"]
      = facts.counts && facts.counts->mean_duration.count() > 0
            ? duration_json(facts.counts->mean_duration)
            : json();
  made["enabled_by"] = facts.person ? text_json(facts.person->by) : json();
  made["enabled_at"] = facts.person ? time_json(facts.person->at) : json();
  made["enabled_reason"]
      = facts.person ? text_json(facts.person->reason) : json();
  made["problem"] = text_json(facts.problem);
  return made;
}

json policies_json(const job_definition& job) {
  auto environment = json::object();
  for (const auto& [name, value] : job.env)
    environment[name] = value;
  json made;
  made["parameters"] = map_json(job.parameters);
  made["enforce"] = job.enforce;
  made["priority"] = job.priority;
  made["timeout_ms"] = duration_json(job.timeout);
  made["max_attempts"] = job.max_attempts;
  made["backoff"] = backoff_json(job.backoff);
  made["max_crashes"] = job.max_crashes;
  made["overlap_policy"] = word_of(overlap_policy_words, job.overlap_policy);
  made["catchup"] = word_of(catchup_policy_words, job.catchup);
  made["catchup_window_ms"] = duration_json(job.catchup_window);
  made["catchup_limit"] = job.catchup_limit;
  made["misfire_threshold_ms"] = duration_json(job.misfire_threshold);
  made["start_deadline_ms"] = job.start_deadline.count() == 0
                                  ? json()
                                  : duration_json(job.start_deadline);
  made["dst_gap"] = word_of(dst_gap_words, job.gap);
  made["dst_overlap"] = word_of(dst_overlap_words, job.overlap);
  made["jitter_ms"] = duration_json(job.jitter);
  made["isolation"] = word_of(isolation_words, job.isolation);
  made["limits"] = limits_json(job.limits);
  made["concurrency"] = concurrency_json(job.concurrency);
  made["rate_limit"] = rate_json(job.rate_limit);
  made["command"] = job.command;
  made["env"] = std::move(environment);
  made["working_directory"] = text_json(job.working_directory);
  return made;
}

json fault_json(const config_fault& fault) {
  return fault.to_string();
}

} // namespace jobq
