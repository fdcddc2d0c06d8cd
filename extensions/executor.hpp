#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "extensions/job_function.hpp"
#include "extensions/registry.hpp"
#include "jobs/run.hpp"
#include "jobs/stop_ladder.hpp"

namespace jobq {

/// Why a running attempt shall end.
enum class stop_reason {
  cancel,
  terminate, ///< as `cancel`, but whoever can kill it does so without asking
  timeout,
  shutdown
};

/// Hears what an attempt does. Called from the executor's threads, or within
/// `start`; the calls of one attempt do not overlap; `done` is the last and
/// comes exactly once.
struct attempt_observer {
  std::function<void(log_level, std::string_view)> log;
  std::function<void(double, std::string_view)> progress;
  std::function<void(outcome)> done;
};

/// The one interface through which a worker has a function run: on a thread of
/// this process, in another process, or at once.
class executor {
public:
  virtual ~executor() = default;

  /// Begins the run's attempt. Whatever happens, `observer.done` is called
  /// once: an unknown function is a `failed` outcome, a thrown exception too.
  virtual void start(const run& what, attempt_observer observer) = 0;

  /// Asks an attempt to end; unknown ids are ignored. The outcome says
  /// `cancelled`, `timed_out` or `interrupted` if the function obeys.
  virtual void stop(const run_id& id, stop_reason why) = 0;
};

/// Runs functions on reused threads of this process. An idle thread ends after
/// a minute; there are never more than `max_threads` that still obey, plus
/// those that ignore being stopped; a start beyond that waits for a thread.
///
/// An attempt that goes on for `grace` after `stop` is given up: `done` is
/// called with the outcome of the stop and an error that says so, nothing that
/// the function reports later is heard, and its thread is replaced.
///
/// The destructor asks all to stop and waits for up to `grace` for them; a
/// function that ignores it keeps its thread until the process ends. No
/// observer is called after the destructor. `functions` must outlive the
/// executor, but not the functions that were given up.
std::unique_ptr<executor>
make_thread_executor(const registry& functions, std::size_t max_threads,
                     milliseconds grace = stop_ladder::on_thread);

/// Calls functions within `start`, on the caller's thread, which may be the one
/// that commits: for functions that never block and are over in microseconds.
/// Their parameters are checked and their exceptions contained as elsewhere;
/// they can't be stopped. `functions` must outlive the executor.
std::unique_ptr<executor> make_inline_executor(const registry& functions);

} // namespace jobq
