#include <utility>

#include "tools/api/handlers.hpp"
#include "tools/api/input.hpp"
#include "tools/runtime.hpp"

namespace jobq {

namespace {

constexpr std::uint64_t most_runs = 10'000;
constexpr milliseconds look_up_every{250};

/// What history is asked for, by the query.
result<history_filter> read_filter(const api_call& call) {
  history_filter filter;
  filter.job = text_query(call.query, "job");
  if (!filter.job.empty())
    if (const auto known = check_job_name(call, filter.job); !known)
      return tl::unexpected(known.error());
  const auto state = state_query(call.query, "status");
  if (!state)
    return tl::unexpected(state.error());
  filter.state = *state;
  const auto since = time_query(call.query, "since", call.now);
  if (!since)
    return tl::unexpected(since.error());
  filter.since = *since;
  const auto after = number_query(call.query, "since_sequence", 0, UINT64_MAX);
  if (!after)
    return tl::unexpected(after.error());
  filter.after_sequence = *after;
  const auto count = number_query(call.query, "n", 1, most_runs);
  if (!count)
    return tl::unexpected(count.error());
  if (*count)
    filter.limit = static_cast<std::uint32_t>(**count);
  return filter;
}

bool matches(const history_filter& filter, const run& what) {
  return (filter.job.empty() || what.job == filter.job)
         && (!filter.state || what.state == *filter.state);
}

} // namespace

result<json> list_history(const api_call& call) {
  const auto filter = read_filter(call);
  if (!filter)
    return tl::unexpected(filter.error());
  auto runs = json::array();
  // History holds what is final; nothing else can match.
  if (!filter->state || is_final(*filter->state)) {
    const auto found = call.target.reads().list_history(*filter);
    if (!found)
      return tl::unexpected(found.error());
    for (const auto& each : *found)
      runs.push_back(completion_json(each));
  }
  return json{{"runs", std::move(runs)}};
}

result<void> stream_history(const api_call& call, const line_sink& sink,
                            const std::function<bool()>& cancelled) {
  const auto filter = read_filter(call);
  if (!filter)
    return tl::unexpected(filter.error());
  auto after = filter->after_sequence;
  if (!after) {
    const auto counts = call.target.reads().statistics();
    if (!counts)
      return tl::unexpected(counts.error());
    after = counts->last_sequence;
  }
  const auto feed = call.target.jobs_engine().subscribe(*after);
  if (!sink(""))
    return {};
  while (!cancelled()) {
    const auto fresh = feed->next(look_up_every);
    // Closed: the engine has stopped and everything is delivered.
    if (!fresh)
      return {};
    for (const auto& each : *fresh)
      if (matches(*filter, *each.run) && !sink(to_text(completion_json(each))))
        return {};
  }
  return {};
}

} // namespace jobq
