#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "jobs/config.hpp"
#include "jobs/run.hpp"
#include "jobs/tick.hpp"
#include "jobs/time.hpp"
#include "queue/store.hpp"

namespace jobq {

/// JSON whose fields keep the order in which they were set.
using json = nlohmann::ordered_json;

/// Compact text; bytes that are not UTF-8 become U+FFFD.
std::string to_text(const json& value);

/// How values look in JSON: times RFC 3339 in UTC with milliseconds, durations
/// numbers of milliseconds, what is absent `null`, every field always there.
json time_json(const std::optional<time_point>& at);
json duration_json(const std::optional<milliseconds>& value);
json text_json(std::string_view text); ///< `null` when empty
json map_json(const parameter_map& parameters);

/// A run's fields, as docs/api.md lists them.
json run_json(const run& what);

/// A run's fields and `sequence`.
json completion_json(const completion& what);

/// A run's fields and `attempts`.
json run_detail_json(const run& what);

/// A tick's fields, or those of a range of ticks that share a fate.
json tick_json(const tick& what);

/// What a job's fields are made of, beside its definition.
struct job_facts {
  std::optional<job_switch> person; ///< who switched it, if somebody did
  std::optional<job_statistics> counts;
  std::optional<run> last_run;
  std::optional<time_point> next_run;
  std::string problem; ///< why it can't run; empty when it can
};

/// A job's fields, as docs/api.md lists them.
json job_json(const job_definition& job, const job_facts& facts);

/// All that a definition says beside that: its policies.
json policies_json(const job_definition& job);

json fault_json(const config_fault& fault);

} // namespace jobq
