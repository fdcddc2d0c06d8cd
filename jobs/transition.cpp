#include "jobs/transition.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "jobs/retry.hpp"

namespace jobq {
namespace {

constexpr std::size_t kept_attempts = 20;
/// Who asks for retries gets them until it has failed so often.
constexpr std::uint32_t asked_attempts = 25;
/// A hundred years: times stay within what can be told of them.
constexpr milliseconds longest_wait = std::chrono::days{36'525};

tl::unexpected<error> refused(const run& what, std::string_view verb) {
  return fail(errc::invalid_state,
              "run " + what.id.to_string() + " is "
                  + std::string{word_of(run_state_words, what.state)}
                  + " and can't be " + std::string{verb});
}

bool waits(const run& what) {
  return what.state == run_state::scheduled
         || what.state == run_state::available
         || what.state == run_state::retryable;
}

/// Refuses before it changes anything.
struct life {
  run& what;

  result<void> operator()(const event::promoted& e) {
    if (what.state != run_state::scheduled
        && what.state != run_state::retryable)
      return refused(what, "made available");
    if (what.scheduled_at > e.now)
      return refused(what,
                     "made available before " + format_utc(what.scheduled_at));
    what.state = run_state::available;
    return {};
  }

  result<void> operator()(const event::claimed& e) {
    if (what.state != run_state::available)
      return refused(what, "claimed");
    what.state = run_state::running;
    what.started_at = e.now;
    ++what.attempt;
    return {};
  }

  result<void> operator()(const event::expired& e) {
    if (!waits(what) || !what.start_deadline || e.now <= *what.start_deadline)
      return refused(what, "expired");
    return end(run_state::cancelled, e.now, "expired");
  }

  result<void> operator()(event::finished& e) {
    if (what.state != run_state::running)
      return refused(what, "finished");
    if (e.attempt.number != what.attempt)
      return refused(what, "finished by its attempt "
                               + std::to_string(e.attempt.number)
                               + ": that one was given up");
    auto& attempts = what.attempts.edit();
    attempts.push_back(std::move(e.attempt));
    if (attempts.size() > kept_attempts)
      attempts.erase(attempts.begin());
    return after(attempts.back().outcome, attempts.back().finished_at);
  }

  result<void> operator()(const event::cancelled& e) {
    if (what.state == run_state::running) {
      what.cancel_requested = true;
      what.reason = e.reason;
      return {};
    }
    if (!waits(what))
      return refused(what, "cancelled");
    return end(run_state::cancelled, e.now, e.reason);
  }

  result<void> operator()(const event::retried& e) {
    if (what.state == run_state::running || what.state == run_state::available)
      return refused(what, "retried");
    if (is_final(what.state)) {
      what.finished_at.reset();
      what.crashes = 0;
      what.max_attempts = std::max(what.max_attempts, what.failures + 1);
    }
    what.reason = e.reason;
    what.cancel_requested = false;
    what.start_deadline.reset();
    return wait(run_state::available, e.now);
  }

  result<void> operator()(const event::discarded& e) {
    if (!waits(what))
      return refused(what, "discarded");
    return end(run_state::discarded, e.now, e.reason);
  }

private:
  result<void> end(run_state state, time_point now, std::string reason) {
    what.state = state;
    what.finished_at = now;
    what.reason = std::move(reason);
    return {};
  }

  result<void> wait(run_state state, time_point until) {
    what.state = state;
    what.scheduled_at = until;
    return {};
  }

  result<void> after(const outcome& result, time_point now) {
    switch (result.kind) {
    case outcome_kind::succeeded:
      return end(run_state::completed, now, {});
    case outcome_kind::cancelled:
      return cancelled(now);
    case outcome_kind::failed:
    case outcome_kind::timed_out:
      ++what.failures;
      break;
    case outcome_kind::crashed:
      ++what.crashes;
      break;
    case outcome_kind::snoozed:
      ++what.snoozes;
      break;
    case outcome_kind::interrupted:
      break;
    }
    if (what.cancel_requested)
      return cancelled(now);
    return unsuccessful(result, now);
  }

  /// For the reason that was given when it was asked for.
  result<void> cancelled(time_point now) {
    return end(run_state::cancelled, now, std::move(what.reason));
  }

  result<void> unsuccessful(const outcome& result, time_point now) {
    switch (result.kind) {
    case outcome_kind::snoozed:
      return wait(
          run_state::scheduled,
          now + std::clamp(result.snooze, milliseconds{0}, longest_wait));
    case outcome_kind::interrupted:
      return wait(run_state::available, what.scheduled_at);
    case outcome_kind::crashed:
      return crashed(now);
    default:
      return failed(result, now);
    }
  }

  result<void> crashed(time_point now) {
    if (what.crashes >= what.max_crashes)
      return end(run_state::discarded, now, "poison");
    if (what.crashes == 1)
      return wait(run_state::available, what.scheduled_at);
    return wait(run_state::retryable,
                now + next_retry(what.backoff, what.crashes - 1, what.id));
  }

  result<void> failed(const outcome& result, time_point now) {
    if (result.asks_retry && what.failures < asked_attempts)
      what.max_attempts = std::max(what.max_attempts, what.failures + 1);
    if (!result.retryable || what.failures >= what.max_attempts)
      return end(run_state::discarded, now, {});
    return wait(run_state::retryable,
                now + next_retry(what.backoff, what.failures, what.id));
  }
};

} // namespace

bool is_too_late(const run& what, time_point now) {
  return what.attempt == 0 && what.start_deadline && now > *what.start_deadline;
}

result<void> change_state(run& what, run_event event) {
  return std::visit(life{what}, event);
}

result<run> transition(run before, run_event what) {
  if (auto ok = change_state(before, std::move(what)); !ok)
    return tl::unexpected{ok.error()};
  return before;
}

} // namespace jobq
