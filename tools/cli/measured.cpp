#include "tools/cli/measured.hpp"

#include <nlohmann/json.hpp>

#include "tools/cli/command.hpp"

namespace jobq {

std::map<std::string, milliseconds> measured_means(target& where) {
  std::map<std::string, milliseconds> means;
  if (!where.is_there())
    return means;
  const auto connected = where.connect();
  if (!connected)
    return means;
  const auto answer = get(*connected->client, "/v1/jobs");
  if (!answer)
    return means;
  for (const auto& job : part_of(*answer, "jobs"))
    if (has_value(job, "mean_duration_ms"))
      means.emplace(text_of(job, "name"),
                    milliseconds{static_cast<milliseconds::rep>(
                        number_of(job, "mean_duration_ms"))});
  return means;
}

} // namespace jobq
