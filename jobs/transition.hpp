#pragma once

#include <string>
#include <variant>

#include "jobs/error.hpp"
#include "jobs/outcome.hpp"
#include "jobs/run.hpp"
#include "jobs/time.hpp"

namespace jobq {

/// What may happen to a run.
namespace event {

/// Its time has come.
struct promoted {
  time_point now{};
};

/// An engine takes it to execute it.
struct claimed {
  time_point now{};
};

/// It was not started by its deadline.
struct expired {
  time_point now{};
};

/// An attempt ended. `attempt.number` must be the run's current attempt.
struct finished {
  jobq::attempt attempt;
};

/// Somebody does not want it any more.
struct cancelled {
  std::string reason;
  time_point now{};
};

/// Somebody wants it now.
struct retried {
  std::string reason;
  time_point now{};
};

/// Somebody gives it up.
struct discarded {
  std::string reason;
  time_point now{};
};

} // namespace event

using run_event = std::variant<event::promoted, event::claimed, event::expired,
                               event::finished, event::cancelled,
                               event::retried, event::discarded>;

/// The life of a run. The only place where a run's state changes.
///
/// ```text
///    enqueue with a time to come           enqueue
///               |                             |
///               v           promoted          v
///         +-----------+ ----------------> +-----------+
///         | scheduled |                   | available | <----------+
///         +-----------+    +-----------+  +-----------+            |
///               ^          | retryable | ------^ |                 |
///               |          +-----------+ promoted| claimed         |
///        snoozed|      failed,   ^               v      interrupted,|
///               |      timed out,|        +-----------+ first crash |
///               +----------------+------- |  running  | ------------+
///                      crashed again      +-----------+
///                                               |
///           +-----------------------------------+-----------+
///           | succeeded          no attempts left, not      | cancelled
///           v                    retryable, poison v        v
///     +-----------+                       +-----------+ +-----------+
///     | completed |                       | discarded | | cancelled |
///     +-----------+                       +-----------+ +-----------+
/// ```
/// A failure that asks for a retry has one more attempt, up to 25.
///
/// From every waiting state (scheduled, available, retryable): `cancelled` and
/// `expired` lead to cancelled, `discarded` to discarded. From every state but
/// available and running: `retried` leads to available.
///
/// A failure counts against `max_attempts`, a crash against `max_crashes`; a
/// snooze or an interruption against neither. A crash goes back to `available`
/// at once the first time; the n-th waits like the (n-1)-th failure.
/// Cancelling a running run only marks it; it ends when its attempt does, and
/// is `cancelled` unless that attempt succeeded after all.
/// @returns the run after the event, or `invalid_state` with the reason
result<run> transition(run before, run_event what);

/// Whether it is too late to begin a run, so that `expired` is what happens to
/// it. One that has begun before may always begin again.
bool is_too_late(const run& what, time_point now);

/// As `transition`, where the run is. One that is refused stays as it was.
result<void> change_state(run& what, run_event event);

} // namespace jobq
