#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "jobs/definition.hpp"
#include "jobs/outcome.hpp"
#include "jobs/policy.hpp"
#include "jobs/run_id.hpp"
#include "jobs/shared.hpp"
#include "jobs/time.hpp"

namespace jobq {

/// Where a run is in its life; the picture stands in transition.hpp.
enum class run_state {
  scheduled,
  available,
  running,
  retryable,
  completed,
  discarded,
  cancelled
};

inline constexpr enum_words<run_state, 7> run_state_words{
    {{run_state::scheduled, "scheduled"},
     {run_state::available, "available"},
     {run_state::running, "running"},
     {run_state::retryable, "retryable"},
     {run_state::completed, "completed"},
     {run_state::discarded, "discarded"},
     {run_state::cancelled, "cancelled"}}};

/// Whether nothing more happens to a run in this state by itself.
constexpr bool is_final(run_state state) noexcept {
  return state == run_state::completed || state == run_state::discarded
         || state == run_state::cancelled;
}

/// What made a run.
enum class trigger { schedule, catch_up, manual, api, replay, bootstrap };

inline constexpr enum_words<trigger, 6> trigger_words{
    {{trigger::schedule, "schedule"},
     {trigger::catch_up, "catch_up"},
     {trigger::manual, "manual"},
     {trigger::api, "api"},
     {trigger::replay, "replay"},
     {trigger::bootstrap, "bootstrap"}}};

/// Whether runs of this trigger stand in for ticks, so that overlap policies
/// count them.
constexpr bool is_scheduled(trigger made_by) noexcept {
  return made_by == trigger::schedule || made_by == trigger::catch_up
         || made_by == trigger::replay;
}

/// A durable unit of work: everything the store keeps about it. A value; only
/// `transition` changes its state.
struct run {
  run_id id;
  std::string job; ///< the configured job, or empty for an ad-hoc run
  std::string extension;
  std::string function;
  run_state state = run_state::available;
  jobq::trigger trigger = trigger::manual;
  std::string queue = "default";
  int priority = 0;
  shared<parameter_map> parameters;
  bool enforce = true;
  /// At most one such run of the job is executed at a time, in nominal order.
  bool serial = false;

  std::optional<time_point> nominal_time; ///< of the tick
  std::uint64_t missed_count = 0; ///< ticks that this run stands in for, of
                                  ///< trigger catch_up
  time_point created_at{};
  time_point scheduled_at{};                ///< not before this instant
  std::optional<time_point> started_at;     ///< of the latest attempt
  std::optional<time_point> finished_at;    ///< when it became final
  std::optional<time_point> start_deadline; ///< not started by then: expired

  std::uint32_t attempt = 0; ///< executions begun so far
  std::uint32_t max_attempts = 1;
  std::uint32_t failures = 0; ///< attempts that count against max_attempts
  std::uint32_t crashes = 0;  ///< attempts that count against max_crashes
  std::uint32_t max_crashes = 3;
  std::uint32_t snoozes = 0;
  std::optional<milliseconds> timeout;
  jobq::backoff backoff;
  bool cancel_requested = false;

  /// Why it is final, when the outcome does not say it: `expired`, `poison`,
  /// `cancelled by ann`. Or why it is not any more: `retried by ann`.
  std::string reason;
  shared<std::vector<jobq::attempt>> attempts; ///< finished ones, the latest 20

  /// The latest finished attempt's outcome, if there is one.
  const outcome* last_outcome() const noexcept {
    return attempts.empty() ? nullptr : &attempts.back().outcome;
  }

  friend bool operator==(const run&, const run&) = default;
};

/// A run on its way between those who look at it: copies share one memory, and
/// nobody changes it. Not null.
using run_ptr = std::shared_ptr<const run>;

/// One attempt of a run.
struct attempt_id {
  run_id run;
  std::uint32_t number = 0;

  friend bool operator==(const attempt_id&, const attempt_id&) = default;
};

/// A run that became final, as history tells it.
struct completion {
  std::uint64_t sequence = 0; ///< strictly growing, never reused
  run_ptr run;

  friend bool operator==(const completion& a, const completion& b) {
    return a.sequence == b.sequence && *a.run == *b.run;
  }
};

} // namespace jobq
