#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "jobs/definition.hpp"
#include "jobs/tick.hpp"
#include "jobs/time.hpp"
#include "queue/store.hpp"

namespace jobq {

/// A configured job as the clock sees it.
struct scheduled_job {
  job_definition definition;
  bool active = true;          ///< enabled, and able to run
  std::string inactive_reason; ///< for the ledger
  bool paused = false; ///< not active because the whole scheduler is off
};

/// Applies the switches and the preconditions to a configuration's jobs.
/// @param why_not says why a job can't run at all; may be empty
/// @param enabled `scheduler.enabled`; false pauses all jobs
std::vector<scheduled_job>
scheduled_jobs(const std::vector<job_definition>& jobs,
               const std::vector<job_switch>& switches,
               const std::function<std::string(const job_definition&)>& why_not,
               bool enabled = true);

/// Commands for decisions, in their order, each far below a megabyte: one is
/// written while the next is being carried out.
void add_fires(std::vector<any_command>& to,
               std::vector<tick_decision> decisions, time_point now);

/// What the clock knows: every job's definition, cursor and next tick. A plain
/// object; it proposes decisions and takes them over once they are committed.
class timetable {
public:
  /// Replaces all jobs.
  /// @param cursors as stored
  /// @param up_since when the engine began to watch the clock
  /// @returns commands that bring the store in line: cursors of new and changed
  ///   jobs, stretches of inactive ones, cursors of jobs that are gone. The
  ///   timetable takes them as done: on failure, reset it again.
  std::vector<any_command> reset(std::vector<scheduled_job> jobs,
                                 const std::vector<job_cursor>& cursors,
                                 time_point now, time_point up_since);

  /// The earliest tick of all jobs that are not set aside.
  std::optional<time_point> next() const;

  /// Decisions for what is due at `now`: about `limit` firings at most. Empty
  /// when nothing is due. Their jobs are set aside until they are committed. An
  /// eighth is for the latest instant at which anything was due, the rest goes
  /// by age: a herd that is worked off does not hold up who is due every
  /// second.
  std::vector<tick_decision> decide(time_point now, std::size_t limit);

  /// Takes over committed decisions. Those that were refused, or that nothing
  /// was heard of, come again after a `reset`.
  void committed(const std::vector<tick_decision>& decisions);

  /// The decision that goes with switching a job on or off at `now`; none for
  /// unknown jobs and for those without a schedule.
  std::optional<tick_decision> at_switch(const std::string& job,
                                         time_point now) const;

  /// Sets a job's activity, after `at_switch`'s decision was committed. A
  /// paused job stays paused.
  void switched(const std::string& job, bool active, std::string reason);

  const scheduled_job* find(const std::string& job) const;
  std::size_t size() const noexcept { return entries_.size(); }

private:
  struct entry;

  /// Of two ticks due at once the one that is followed sooner goes first: a
  /// herd must not hold up a job that is due every second. Else they go in the
  /// order of their runs, in which the store got to know the jobs: rows that
  /// are neighbours are written together.
  struct place_in_order {
    time_point next;
    time_point after_next;
    std::size_t number = 0;
    entry* of = nullptr;

    friend bool operator<(const place_in_order& a, const place_in_order& b) {
      return std::tie(a.next, a.after_next, a.number)
             < std::tie(b.next, b.after_next, b.number);
    }
  };

  struct entry {
    scheduled_job job;
    job_cursor cursor;
    std::size_t number = 0;
    std::optional<place_in_order> place; ///< none: nothing will be due
  };

  tick_decision decision_at(const entry& of, time_point now) const;
  void place(entry& of);
  void unplace(entry& of);

  std::unordered_map<std::string, entry> entries_;
  /// Active jobs with a tick to come, but for those set aside.
  std::set<place_in_order> order_;
  time_point up_since_{};
};

} // namespace jobq
