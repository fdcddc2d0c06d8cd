#include <utility>

#include "tools/api/handlers.hpp"
#include "tools/api/input.hpp"
#include "tools/runtime.hpp"

namespace jobq {

namespace {

constexpr std::uint64_t most_ticks = 10'000;

} // namespace

result<json> list_ticks(const api_call& call) {
  tick_filter filter;
  filter.job = text_query(call.query, "job");
  if (!filter.job.empty())
    if (const auto known = check_job_name(call, filter.job); !known)
      return tl::unexpected(known.error());
  const auto since = time_query(call.query, "since", call.now);
  if (!since)
    return tl::unexpected(since.error());
  filter.since = *since;
  const auto fate = fate_query(call.query, "fate");
  if (!fate)
    return tl::unexpected(fate.error());
  filter.fate = *fate;
  const auto count = number_query(call.query, "n", 1, most_ticks);
  if (!count)
    return tl::unexpected(count.error());
  if (*count)
    filter.limit = static_cast<std::uint32_t>(**count);
  const auto found = call.target.reads().list_ticks(filter);
  if (!found)
    return tl::unexpected(found.error());
  auto ticks = json::array();
  for (const auto& each : *found)
    ticks.push_back(tick_json(each));
  return json{{"ticks", std::move(ticks)}};
}

} // namespace jobq
