#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "jobs/config.hpp"
#include "jobs/error.hpp"
#include "jobs/run.hpp"
#include "jobs/tick.hpp"
#include "jobs/time.hpp"

namespace jobq {

/// How an attempt ended, on its way to the store.
struct attempt_end {
  run_id id;
  jobq::attempt attempt;
  std::string log; ///< of this attempt, bounded by the caller
};

/// Passed on without copies; nobody changes it. Not null.
using attempt_end_ptr = std::shared_ptr<const attempt_end>;

/// What may be asked of a store. Commands are values; a batch of them becomes
/// one atomic commit, each seeing what those before it did.
namespace command {

/// Adds runs (state `scheduled` or `available`). A run whose id is already
/// there is a duplicate and is left alone.
struct enqueue {
  std::vector<run> runs;
};

/// Commits what the clock decided: ledger, runs and cursors together. A
/// decision that does not start at the stored cursor has been made before and
/// is ignored. A firing that meets an unfinished scheduled run of its job goes
/// by its overlap policy, decided here because only here nothing can come
/// between.
struct fire {
  std::vector<tick_decision> decisions;
  time_point now{};
};

/// Takes up to `limit` available runs for `owner`, of all queues: the highest
/// priority first, then the oldest.
/// Runs past their start deadline become `cancelled` instead.
struct claim {
  std::string owner; ///< the engine instance
  std::uint32_t limit = 1;
  time_point now{};
};

/// Ends attempts, each by itself. One is refused with `invalid_state` unless
/// its run is `running` and at that attempt: a late word about an attempt that
/// was given up.
struct finish {
  std::vector<attempt_end_ptr> ends;
};

/// Moves runs whose time has come from `scheduled` and `retryable` to
/// `available`, at most `limit` of them.
struct promote {
  time_point now{};
  std::uint32_t limit = 10'000;
};

/// Cancels a run: at once when it waits; a running one is marked, and its
/// worker has to be told.
struct cancel {
  run_id id;
  std::string reason;
  time_point now{};
};

/// Makes a scheduled, retryable or final run available now. A final one may
/// fail once more at least, and its crashes are counted anew.
struct retry {
  run_id id;
  std::string reason;
  time_point now{};
};

/// Sends a waiting run to `discarded`.
struct discard {
  run_id id;
  std::string reason;
  time_point now{};
};

/// Sets a job's switch, together with the ticks decided up to that moment.
struct set_switch {
  job_switch value;
  std::optional<tick_decision> decision;
};

/// Replays ticks on a person's word, all of it or nothing. Decisions are taken
/// as by `fire`; then the changes of the ledger. A change whose lines do not
/// stand in the ledger as they are told, or a decision that was made before, is
/// ignored as a whole and counted: doing it twice is doing it once.
struct replay {
  std::vector<tick_decision> decisions;
  std::vector<ledger_change> changes;
  time_point now{};
};

/// Forgets the schedule of a job, and unless it is still configured its switch.
/// Its runs, ticks and history stay.
struct forget_job {
  std::string job;
  bool keep_switch = false;
};

/// Deletes finished runs and ledger lines older than `keep` allows, at most
/// `limit` of each, so that no commit grows large.
struct expire {
  retention keep;
  time_point now{};
  std::uint32_t limit = 1'000;
};

} // namespace command

/// Changes nothing: its answer says that all before it has been answered.
inline command::promote barrier() {
  return {{}, 0};
}

/// The command that ends one attempt.
inline command::finish finish_of(const run_id& id, attempt ended,
                                 std::string log = {}) {
  return {{std::make_shared<const attempt_end>(
      attempt_end{id, std::move(ended), std::move(log)})}};
}

using any_command
    = std::variant<command::enqueue, command::fire, command::claim,
                   command::finish, command::promote, command::cancel,
                   command::retry, command::discard, command::set_switch,
                   command::replay, command::forget_job, command::expire>;

/// One part of a command that was not carried out while the rest was.
struct refusal {
  std::size_t index = 0; ///< in the command
  error why;
};

/// What a command came to. Which members are filled follows from the command.
struct reply {
  /// enqueue: one per run, true where the id was there before.
  std::vector<bool> duplicates;
  /// claim: the runs, now `running`. cancel, retry, discard: the run after it;
  /// finish: those that were not refused. fire, replay: the runs that were
  /// enqueued.
  std::vector<run_ptr> runs;
  /// finish: what was refused, in order.
  std::vector<refusal> refused;
  /// claim, promote, expire: runs that were passed over since the last of
  /// these, each named: they can't be read. They stay where they are, and come
  /// up again after a while.
  std::vector<error> unread;
  /// Runs that became final by this command, in order.
  std::vector<completion> completions;
  /// fire, replay: ledger lines as written.
  std::vector<tick> ticks;
  /// fire, replay under cancel_other and terminate_other: what is to be
  /// stopped.
  std::vector<attempt_id> to_cancel;
  std::vector<attempt_id> to_terminate;
  /// promote, expire: how many; equal to the limit means: ask again. fire,
  /// replay: how many decisions and changes were ignored, having been made
  /// before.
  std::uint64_t count = 0;
};

/// How far a commit must have come before `apply` returns.
enum class durability {
  sync, ///< on the disk: survives power loss
  async ///< with the operating system: survives the death of the process
};

/// A committed batch.
struct commit_report {
  std::vector<result<reply>> replies; ///< one per command, in order
  std::uint64_t number = 0;           ///< of the commit, for `persist`
  bool claimable = false;             ///< a claim would now find something
  std::optional<time_point> next_due; ///< earliest scheduled or retryable run
};

/// What `list_runs` looks for. Empty members match everything.
struct run_filter {
  std::optional<run_state> state;
  std::string job;
  std::uint32_t limit = 50;
};

/// What `list_history` looks for, newest first unless `after_sequence` is set.
struct history_filter {
  std::string job;
  std::optional<run_state> state;  ///< completed, discarded or cancelled
  std::optional<time_point> since; ///< finished at or after
  std::optional<std::uint64_t> after_sequence;  ///< oldest first, above this
  std::optional<std::uint64_t> before_sequence; ///< newest first, below this
  std::uint32_t limit = 50;
};

struct tick_filter {
  std::string job;
  std::optional<time_point> since; ///< lines that reach to it or past it
  std::optional<time_point> until; ///< lines that begin at or before it
  std::optional<tick_fate> fate;
  std::uint32_t limit = 50;
};

/// Counts and the latest run of a job, kept incrementally.
struct job_statistics {
  std::string job;
  std::map<run_state, std::uint64_t> live; ///< runs now in a non-final state
  std::map<run_state, std::uint64_t>
      finished;                ///< finished ever, by final state
  std::uint64_t run_count = 0; ///< runs ever made
  std::optional<run_id> last_run;
  std::optional<time_point> last_started_at;
  std::optional<time_point> last_finished_at;
  std::optional<run_state> last_state; ///< of the last finished run
  milliseconds mean_duration{0};       ///< moving mean over successful runs
};

struct queue_statistics {
  std::string queue;
  std::map<run_state, std::uint64_t> live;
  /// `scheduled_at` of the run that has been available longest.
  std::optional<time_point> oldest_available;
};

struct store_statistics {
  std::vector<queue_statistics> queues;
  std::uint64_t last_sequence = 0;
  std::uint64_t disk_bytes = 0;
  std::uint32_t format = 0;
};

/// A durable home for runs, ticks and history: an interface of queue verbs.
///
/// `apply` and `begin` are called by one thread at a time.
/// Every other member may be called from any thread beside it and sees
/// committed data. After an `apply`, `begin` or `persist` that returned an
/// error nothing new is taken: every later one returns `store_failed` until the
/// store has been reopened.
class store {
public:
  virtual ~store() = default;

  /// Carries out a batch as one atomic commit. A command that can't be carried
  /// out (unknown run, wrong state) is refused alone, by its own reply. Where a
  /// read fails with part of a command done, the whole batch is.
  /// @param batch is used up: what it holds may be moved out of it
  virtual result<commit_report> apply(std::span<any_command> batch,
                                      durability how)
      = 0;

  /// As `apply`, but returns when the batch has been carried out in memory, and
  /// writes it beside what comes next. The next batches see what it changed;
  /// readers do when it is written. Nothing of it may be acknowledged before
  /// `persist`.
  virtual result<commit_report> begin(std::span<any_command> batch) {
    return apply(batch, durability::async);
  }

  /// Waits until this commit, and all before it, have come so far. Others do
  /// not wait for it.
  /// @returns the latest commit that has, which may be a later one
  virtual result<std::uint64_t> persist(std::uint64_t commit, durability how)
      = 0;

  virtual result<run> find_run(const run_id& id) const = 0;

  /// Runs, live ones first, then finished ones newest first.
  virtual result<std::vector<run>>
  list_runs(const run_filter& filter) const = 0;
  virtual result<std::vector<completion>>
  list_history(const history_filter& filter) const = 0;

  /// Ledger lines, newest first.
  virtual result<std::vector<tick>>
  list_ticks(const tick_filter& filter) const = 0;
  virtual result<std::vector<job_cursor>> cursors() const = 0;
  virtual result<std::vector<job_switch>> switches() const = 0;

  /// The log of one attempt; empty when it wrote none.
  virtual result<std::string> read_log(const run_id& id,
                                       std::uint32_t attempt) const = 0;
  virtual result<std::vector<job_statistics>> statistics_by_job() const = 0;
  virtual result<store_statistics> statistics() const = 0;
};

} // namespace jobq
