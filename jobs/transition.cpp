#include "jobs/transition.hpp"

#include <algorithm>
#include <utility>

#include "jobs/retry.hpp"

namespace jobq {
namespace {

constexpr std::size_t kept_attempts = 20;
/// Who asks for retries gets them until it has failed so often.
constexpr std::uint32_t asked_attempts = 25;

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

run ended(run what, run_state state, time_point now, std::string reason) {
  what.state = state;
  what.finished_at = now;
  what.reason = std::move(reason);
  return what;
}

run waiting(run what, run_state state, time_point at) {
  what.state = state;
  what.scheduled_at = at;
  return what;
}

struct life {
  run what;

  result<run> operator()(const event::promoted& e) {
    if (what.state != run_state::scheduled
        && what.state != run_state::retryable)
      return refused(what, "made available");
    if (what.scheduled_at > e.now)
      return refused(what,
                     "made available before " + format_utc(what.scheduled_at));
    what.state = run_state::available;
    return std::move(what);
  }

  result<run> operator()(const event::claimed& e) {
    if (what.state != run_state::available)
      return refused(what, "claimed");
    what.state = run_state::running;
    what.started_at = e.now;
    ++what.attempt;
    return std::move(what);
  }

  result<run> operator()(const event::expired& e) {
    if (!waits(what) || !what.start_deadline || e.now <= *what.start_deadline)
      return refused(what, "expired");
    return ended(std::move(what), run_state::cancelled, e.now, "expired");
  }

  result<run> operator()(event::finished& e) {
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

  result<run> operator()(const event::cancelled& e) {
    if (what.state == run_state::running) {
      what.cancel_requested = true;
      what.reason = e.reason;
      return std::move(what);
    }
    if (!waits(what))
      return refused(what, "cancelled");
    return ended(std::move(what), run_state::cancelled, e.now, e.reason);
  }

  result<run> operator()(const event::retried& e) {
    if (what.state == run_state::running || what.state == run_state::available)
      return refused(what, "retried");
    if (is_final(what.state)) {
      what.finished_at.reset();
      what.reason.clear();
      what.crashes = 0;
      what.max_attempts = std::max(what.max_attempts, what.failures + 1);
    }
    what.cancel_requested = false;
    what.start_deadline.reset();
    return waiting(std::move(what), run_state::available, e.now);
  }

  result<run> operator()(const event::discarded& e) {
    if (!waits(what))
      return refused(what, "discarded");
    return ended(std::move(what), run_state::discarded, e.now, e.reason);
  }

private:
  run after(const outcome& result, time_point now) {
    switch (result.kind) {
    case outcome_kind::succeeded:
      return ended(std::move(what), run_state::completed, now, {});
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
  run cancelled(time_point now) {
    auto reason = std::move(what.reason);
    return ended(std::move(what), run_state::cancelled, now, std::move(reason));
  }

  run unsuccessful(const outcome& result, time_point now) {
    switch (result.kind) {
    case outcome_kind::snoozed:
      return waiting(std::move(what), run_state::scheduled,
                     now + result.snooze);
    case outcome_kind::interrupted:
      return waiting(std::move(what), run_state::available, what.scheduled_at);
    case outcome_kind::crashed:
      return crashed(now);
    default:
      return failed(result, now);
    }
  }

  run crashed(time_point now) {
    if (what.crashes >= what.max_crashes)
      return ended(std::move(what), run_state::discarded, now, "poison");
    if (what.crashes == 1)
      return waiting(std::move(what), run_state::available, what.scheduled_at);
    auto wait = next_retry(what.backoff, what.crashes - 1, what.id);
    return waiting(std::move(what), run_state::retryable, now + wait);
  }

  run failed(const outcome& result, time_point now) {
    if (result.asks_retry && what.failures < asked_attempts)
      what.max_attempts = std::max(what.max_attempts, what.failures + 1);
    if (!result.retryable || what.failures >= what.max_attempts)
      return ended(std::move(what), run_state::discarded, now, {});
    auto wait = next_retry(what.backoff, what.failures, what.id);
    return waiting(std::move(what), run_state::retryable, now + wait);
  }
};

} // namespace

result<run> transition(run before, run_event what) {
  return std::visit(life{std::move(before)}, what);
}

} // namespace jobq
