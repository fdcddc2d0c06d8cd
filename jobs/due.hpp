#pragma once

#include <optional>
#include <string>

#include "jobs/definition.hpp"
#include "jobs/run.hpp"
#include "jobs/tick.hpp"
#include "jobs/time.hpp"

namespace jobq {

/// A run of a job, not started: everything that the definition says about how
/// to execute it. The caller sets times where they differ from `now`.
run make_run(const job_definition& job, trigger made_by, const run_id& id,
             time_point now);

/// Where a job's ticks begin that has not been seen before, or whose schedule
/// was changed: nothing before `now` is ever fired.
job_cursor start_cursor(const job_definition& job, time_point now);

/// Whether the cursor belongs to the job's present schedule.
bool is_current(const job_cursor& cursor, const job_definition& job);

/// The first tick that is not decided yet, one that a gap of the clock
/// swallowed included; none for a manual job.
std::optional<time_point> next_due(const job_definition& job,
                                   const job_cursor& cursor);

/// Decides the ticks of `job` in `(cursor.position, now]`, oldest first.
///
/// A tick at most `misfire_threshold` old fires. An older one was missed; what
/// becomes of it is the job's `catchup` policy:
///
/// | | within `catchup_window` | before it |
/// | --- | --- | --- |
/// | none | engine_down | engine_down |
/// | latest, earliest | one fires, the others are coalesced into it | expired |
/// | all | the newest `catchup_limit` fire, others over_limit | expired |
///
/// A fixed time that a gap of the clock swallowed (`dst_gap: skip`) is told as
/// `dst_gap`, at the end of the gap.
///
/// Overlap policies judge ticks that were decided on time. Ticks that the
/// engine is late for (missed, before `up_since`, or several at once) are not
/// dropped for an overlap that the job did not cause: their runs wait for their
/// turn.
///
/// @param up_since when the engine began to watch the clock
/// At most 1,000 ticks that were not missed are decided in one call: call again
/// while the cursor is behind `now`.
tick_decision due(const job_definition& job, const job_cursor& cursor,
                  time_point now, time_point up_since);

/// Gives all ticks in `(cursor.position, until]` one fate, as one stretch.
tick_decision pass_over(const job_definition& job, const job_cursor& cursor,
                        time_point until, tick_fate fate, std::string reason);

} // namespace jobq
