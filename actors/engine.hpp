#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "actors/completion_feed.hpp"
#include "actors/live_board.hpp"
#include "actors/time_source.hpp"
#include "extensions/executor.hpp"
#include "jobs/config.hpp"
#include "jobs/error.hpp"
#include "jobs/stop_ladder.hpp"
#include "jobs/tick.hpp"
#include "queue/committer.hpp"
#include "queue/store.hpp"

namespace caf {
class actor_system;
} // namespace caf

namespace jobq {

/// Where the engine says what a person should know. Called from any thread.
using logger = std::function<void(log_level, std::string_view)>;

/// Why a job of the configuration can't run now; empty when it can. A job with
/// a reason is treated as disabled, and the reason is logged.
using precondition = std::function<std::string(const job_definition&)>;

struct engine_options {
  bool ticks = true; ///< false: no schedule fires (a CLI without a server)
  milliseconds stop_grace = seconds{10}; ///< for running attempts
  /// For an attempt that was told to stop; then it is given up.
  milliseconds obey_grace = stop_ladder::attempt;
  milliseconds expire_every = std::chrono::minutes{1};
  /// Between two looks at the wall clock, so that steps of it are noticed.
  milliseconds longest_sleep = seconds{1};
};

/// What the engine works with; all of it outlives the engine.
struct engine_parts {
  const store& reads;
  commit_queue& commits;
  executor& functions;
  logger log;
  precondition why_not;
  time_source now = system_time();
};

struct engine_status {
  std::string instance;
  time_point started_at{};
  std::uint32_t workers = 0;
  std::uint32_t running = 0;
  bool ticking = false;
  bool draining = false;
  std::uint32_t jobs = 0;
  std::uint32_t restarts = 0; ///< of clock and history since the start
  std::string failure;        ///< why the engine gave up; empty while it works
};

/// The engine: clock, keeper, supervisor, history and the workers behind one
/// thread-safe object. Construction starts it, destruction stops it.
///
/// Stopping goes in this order: no new ticks; no new claims; running attempts
/// get `stop_grace` to end; the rest is interrupted and given back; all of that
/// is committed; the actors end.
class engine {
public:
  static result<std::unique_ptr<engine>> start(const configuration& config,
                                               engine_options options,
                                               engine_parts parts);
  ~engine();

  engine(const engine&) = delete;
  engine& operator=(const engine&) = delete;

  /// Hands in a change of runs: enqueue, cancel, retry, discard or replay.
  /// `done` is called once, after the commit, from a thread of the engine or of
  /// whoever is in `perform`: it must be quick and take no lock of theirs. A
  /// refusal (`busy`, or `unavailable` after the end) is told before this
  /// returns, on the caller's thread.
  void submit(any_command what, commit_callback done);

  /// The same, waiting for the answer. This, `run_now` and `set_enabled` are
  /// `unsupported` in callbacks and in job functions with isolation `inline`:
  /// they might wait for themselves.
  /// @param meanwhile if given, work that can be done while the disk is waited
  ///   for; done before this returns, unless it is refused at once
  result<reply> perform(any_command what,
                        const std::function<void()>& meanwhile = {});

  /// Runs a configured job now. Does not touch its schedule.
  /// @param extra parameters that stand above the configured ones
  result<run> run_now(const std::string& job, const parameter_map& extra,
                      trigger made_by);

  /// Switches a job on or off at once and durably.
  result<job_switch> set_enabled(const std::string& job, bool enabled,
                                 const std::string& by,
                                 const std::string& reason);

  /// Takes over a changed configuration: jobs added, changed, removed. No run
  /// is lost, and no tick of a schedule that stays; a changed one begins now.
  result<void> reload(const configuration& config);

  /// Completions after `after`, as they are committed.
  /// @param window how many of them are held in memory for a slow subscriber
  std::shared_ptr<completion_feed> subscribe(std::uint64_t after,
                                             std::size_t window
                                             = completion_feed::default_window);

  const live_board& live() const noexcept;
  engine_status status() const;

  /// When the next tick of a configured job fires; none for manual and inactive
  /// jobs.
  std::optional<time_point> next_run(const job_definition& job) const;

  /// Called once when the engine gives up by itself (the store failed, an
  /// actor died too often), with the reason. From a thread of the engine, or at
  /// once if that has happened already; must neither stop nor destroy it.
  void on_failure(std::function<void(std::string)> callback);

  /// Finishes what runs, and starts nothing that is enqueued after it returned.
  /// Schedules end too; enqueues are accepted and wait for another engine.
  /// Waits for a claim under way, at most for a second.
  void drain();

  /// Whether no claim is under way any more: a run that waits now is not begun
  /// by this engine.
  bool drained() const;

  /// Stops and waits; see above. Idempotent. Later calls are refused with
  /// `unavailable`. Not from callbacks, nor on a thread of the engine.
  void stop();

  class impl;

private:
  explicit engine(std::unique_ptr<impl> body);
  std::unique_ptr<impl> impl_;
};

} // namespace jobq
