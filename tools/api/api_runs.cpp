#include <utility>

#include "tools/api/handlers.hpp"
#include "tools/api/input.hpp"
#include "tools/runtime.hpp"

namespace jobq {

namespace {

constexpr std::uint64_t most_runs = 10'000;

/// The run that the path names.
result<run> named_run(const api_call& call) {
  const auto id = run_id::parse(call.names[0]);
  if (!id)
    return tl::unexpected(id.error());
  return call.target.reads().find_run(*id);
}

/// Who did it, when no reason was given.
result<std::string> reason_of(const api_call& call, std::string_view what) {
  auto reason = text_field(call.body, "reason");
  if (reason && reason->empty())
    *reason = std::string{what} + " by " + call.user;
  return reason;
}

/// Carries out a command on one run and answers with the run after it.
result<json> change(const api_call& call, any_command what) {
  const auto done = call.target.jobs_engine().perform(std::move(what));
  if (!done)
    return tl::unexpected(done.error());
  if (!done->runs.empty())
    return run_json(*done->runs.front());
  const auto after = named_run(call);
  if (!after)
    return tl::unexpected(after.error());
  return run_json(*after);
}

} // namespace

result<json> list_runs(const api_call& call) {
  run_filter filter;
  filter.job = text_query(call.query, "job");
  if (!filter.job.empty())
    if (const auto known = check_job_name(call, filter.job); !known)
      return tl::unexpected(known.error());
  const auto state = state_query(call.query, "state");
  if (!state)
    return tl::unexpected(state.error());
  filter.state = *state;
  const auto count = number_query(call.query, "n", 1, most_runs);
  if (!count)
    return tl::unexpected(count.error());
  if (*count)
    filter.limit = static_cast<std::uint32_t>(**count);
  const auto found = call.target.reads().list_runs(filter);
  if (!found)
    return tl::unexpected(found.error());
  auto runs = json::array();
  for (const auto& each : *found)
    runs.push_back(run_json(each));
  return json{{"runs", std::move(runs)}};
}

result<json> show_run(const api_call& call) {
  const auto found = named_run(call);
  if (!found)
    return tl::unexpected(found.error());
  return run_detail_json(*found);
}

result<json> show_log(const api_call& call) {
  const auto found = named_run(call);
  if (!found)
    return tl::unexpected(found.error());
  const auto asked = number_query(call.query, "attempt", 1, UINT32_MAX);
  if (!asked)
    return tl::unexpected(asked.error());
  const auto attempt
      = *asked ? static_cast<std::uint32_t>(**asked) : found->attempt;
  if (attempt > found->attempt)
    return fail(errc::not_found, "run " + call.names[0] + " has no attempt "
                                     + std::to_string(attempt) + " (it has had "
                                     + std::to_string(found->attempt) + ")");
  const auto answer = [&](const std::string& log) {
    return json{
        {"id", found->id.to_string()}, {"attempt", attempt}, {"log", log}};
  };
  // What is running has its log on the board, the rest has it in the store.
  if (found->state == run_state::running && attempt == found->attempt)
    if (const auto view = call.target.jobs_engine().live().look(found->id);
        view && view->attempt == attempt)
      return answer(view->log);
  const auto stored = call.target.reads().read_log(found->id, attempt);
  if (!stored)
    return tl::unexpected(stored.error());
  return answer(*stored);
}

result<json> cancel_run(const api_call& call) {
  const auto found = named_run(call);
  if (!found)
    return tl::unexpected(found.error());
  auto reason = reason_of(call, "cancelled");
  if (!reason)
    return tl::unexpected(reason.error());
  return change(call, command::cancel{found->id, std::move(*reason), call.now});
}

result<json> retry_run(const api_call& call) {
  const auto found = named_run(call);
  if (!found)
    return tl::unexpected(found.error());
  auto reason = reason_of(call, "retried");
  if (!reason)
    return tl::unexpected(reason.error());
  return change(call, command::retry{found->id, std::move(*reason), call.now});
}

result<json> discard_run(const api_call& call) {
  const auto found = named_run(call);
  if (!found)
    return tl::unexpected(found.error());
  auto reason = reason_of(call, "discarded");
  if (!reason)
    return tl::unexpected(reason.error());
  return change(call,
                command::discard{found->id, std::move(*reason), call.now});
}

} // namespace jobq
