#include "jobs/transition.hpp"

#include <algorithm>
#include <vector>

#include <gtest/gtest.h>

namespace jobq {
namespace {

const time_point t0{milliseconds{1'800'000'000'000}};

run in_state(run_state state) {
  run what;
  what.id = run_id::of_tick("a", t0);
  what.state = state;
  what.created_at = what.scheduled_at = t0;
  if (state == run_state::running) {
    what.attempt = 1;
    what.started_at = t0;
  }
  return what;
}

attempt ending(outcome_kind kind, std::uint32_t number = 1) {
  attempt end;
  end.number = number;
  end.started_at = t0;
  end.finished_at = t0 + seconds{5};
  end.outcome.kind = kind;
  return end;
}

result<run> finish(run what, outcome_kind kind) {
  auto number = what.attempt;
  return transition(std::move(what), event::finished{ending(kind, number)});
}

const std::vector<run_state> all_states
    = {run_state::scheduled, run_state::available, run_state::running,
       run_state::retryable, run_state::completed, run_state::discarded,
       run_state::cancelled};

void expect_only_from(const run_event& what,
                      const std::vector<run_state>& allowed) {
  for (auto state : all_states) {
    auto before = in_state(state);
    before.start_deadline = t0;
    auto after = transition(before, what);
    auto expected = std::count(allowed.begin(), allowed.end(), state) == 1;
    EXPECT_EQ(after.has_value(), expected) << word_of(run_state_words, state);
    if (!after) {
      EXPECT_EQ(after.error().code, errc::invalid_state);
    }
  }
}

TEST(transition, allows_each_event_from_its_states_alone) {
  using enum run_state;
  auto later = t0 + seconds{1};
  expect_only_from(event::promoted{later}, {scheduled, retryable});
  expect_only_from(event::claimed{later}, {available});
  expect_only_from(event::expired{later}, {scheduled, available, retryable});
  expect_only_from(event::finished{ending(outcome_kind::succeeded)}, {running});
  expect_only_from(event::cancelled{"x", later},
                   {scheduled, available, running, retryable});
  expect_only_from(event::retried{{}, later},
                   {scheduled, retryable, completed, discarded, cancelled});
  expect_only_from(event::discarded{"x", later},
                   {scheduled, available, retryable});
}

TEST(transition, promotes_only_when_the_time_has_come) {
  auto waiting = in_state(run_state::scheduled);
  waiting.scheduled_at = t0 + seconds{10};
  EXPECT_FALSE(transition(waiting, event::promoted{t0 + seconds{9}}));
  auto after = transition(waiting, event::promoted{t0 + seconds{10}});
  ASSERT_TRUE(after);
  EXPECT_EQ(after->state, run_state::available);
}

TEST(transition, claim_begins_the_next_attempt) {
  auto after = transition(in_state(run_state::available),
                          event::claimed{t0 + seconds{3}});
  ASSERT_TRUE(after);
  EXPECT_EQ(after->state, run_state::running);
  EXPECT_EQ(after->attempt, 1U);
  EXPECT_EQ(after->started_at, t0 + seconds{3});
}

TEST(transition, expires_only_after_the_start_deadline) {
  auto waiting = in_state(run_state::available);
  EXPECT_FALSE(transition(waiting, event::expired{t0}));
  waiting.start_deadline = t0 + seconds{5};
  EXPECT_FALSE(transition(waiting, event::expired{t0 + seconds{5}}));
  auto after = transition(waiting, event::expired{t0 + milliseconds{5'001}});
  ASSERT_TRUE(after);
  EXPECT_EQ(after->state, run_state::cancelled);
  EXPECT_EQ(after->reason, "expired");
  EXPECT_EQ(after->finished_at, t0 + milliseconds{5'001});
}

TEST(transition, success_completes) {
  auto after = finish(in_state(run_state::running), outcome_kind::succeeded);
  ASSERT_TRUE(after);
  EXPECT_EQ(after->state, run_state::completed);
  EXPECT_EQ(after->finished_at, t0 + seconds{5});
  ASSERT_EQ(after->attempts.size(), 1U);
}

TEST(transition, refuses_the_end_of_an_attempt_that_was_given_up) {
  auto running = in_state(run_state::running);
  running.attempt = 2;
  auto after = transition(running,
                          event::finished{ending(outcome_kind::succeeded, 1)});
  ASSERT_FALSE(after);
  EXPECT_EQ(after.error().code, errc::invalid_state);
}

TEST(transition, failure_is_retried_until_max_attempts) {
  auto running = in_state(run_state::running);
  running.max_attempts = 2;
  running.backoff.jitter = 0;
  auto after = finish(running, outcome_kind::failed);
  ASSERT_TRUE(after);
  EXPECT_EQ(after->state, run_state::retryable);
  EXPECT_EQ(after->scheduled_at, t0 + seconds{6});
  after = transition(*after, event::promoted{t0 + seconds{6}});
  after = transition(*after, event::claimed{t0 + seconds{6}});
  after = finish(*after, outcome_kind::timed_out);
  ASSERT_TRUE(after);
  EXPECT_EQ(after->state, run_state::discarded);
  EXPECT_EQ(after->failures, 2U);
}

TEST(transition, failure_that_asks_for_a_retry_gets_it_but_not_for_ever) {
  auto what = in_state(run_state::running);
  what.max_attempts = 1;
  for (std::uint32_t number = 1; number <= 25; ++number) {
    auto end = ending(outcome_kind::failed, number);
    end.outcome.asks_retry = true;
    auto after = transition(what, event::finished{end});
    ASSERT_TRUE(after);
    EXPECT_EQ(after->failures, number);
    if (number == 25) {
      EXPECT_EQ(after->state, run_state::discarded);
      break;
    }
    ASSERT_EQ(after->state, run_state::retryable) << number;
    EXPECT_GT(after->scheduled_at, end.finished_at) << "after its backoff";
    after = transition(*after, event::promoted{after->scheduled_at});
    what = *transition(*after, event::claimed{after->scheduled_at});
  }
}

TEST(transition, failure_after_one_that_asked_for_a_retry_is_the_last) {
  auto what = in_state(run_state::running);
  what.max_attempts = 1;
  auto end = ending(outcome_kind::failed);
  end.outcome.asks_retry = true;
  auto after = transition(what, event::finished{end});
  after = transition(*after, event::promoted{after->scheduled_at});
  after = transition(*after, event::claimed{after->scheduled_at});
  after = finish(*after, outcome_kind::failed);
  ASSERT_TRUE(after);
  EXPECT_EQ(after->state, run_state::discarded);
  EXPECT_EQ(after->failures, 2U);
}

TEST(transition, failure_that_says_so_is_not_retried) {
  auto running = in_state(run_state::running);
  running.max_attempts = 25;
  auto end = ending(outcome_kind::failed);
  end.outcome.retryable = false;
  auto after = transition(running, event::finished{end});
  ASSERT_TRUE(after);
  EXPECT_EQ(after->state, run_state::discarded);
}

TEST(transition, first_crash_goes_back_at_once_and_the_last_is_poison) {
  auto what = in_state(run_state::running);
  what.backoff.jitter = 0;
  auto after = finish(what, outcome_kind::crashed);
  ASSERT_TRUE(after);
  EXPECT_EQ(after->state, run_state::available);
  EXPECT_EQ(after->failures, 0U);
  after = transition(*after, event::claimed{t0});
  after = finish(*after, outcome_kind::crashed);
  ASSERT_TRUE(after);
  EXPECT_EQ(after->state, run_state::retryable);
  EXPECT_EQ(after->scheduled_at, t0 + seconds{6});
  after = transition(*after, event::promoted{t0 + seconds{6}});
  after = transition(*after, event::claimed{t0 + seconds{6}});
  after = finish(*after, outcome_kind::crashed);
  ASSERT_TRUE(after);
  EXPECT_EQ(after->state, run_state::discarded);
  EXPECT_EQ(after->reason, "poison");
}

TEST(transition, snooze_and_interruption_cost_no_attempt) {
  auto end = ending(outcome_kind::snoozed);
  end.outcome.snooze = seconds{30};
  auto after = transition(in_state(run_state::running), event::finished{end});
  ASSERT_TRUE(after);
  EXPECT_EQ(after->state, run_state::scheduled);
  EXPECT_EQ(after->scheduled_at, t0 + seconds{35});
  EXPECT_EQ(after->failures, 0U);
  after = finish(in_state(run_state::running), outcome_kind::interrupted);
  ASSERT_TRUE(after);
  EXPECT_EQ(after->state, run_state::available);
  EXPECT_EQ(after->failures, 0U);
}

TEST(transition, cancelling_a_running_run_marks_it_until_its_attempt_ends) {
  auto marked = transition(in_state(run_state::running),
                           event::cancelled{"by ann", t0});
  ASSERT_TRUE(marked);
  EXPECT_EQ(marked->state, run_state::running);
  EXPECT_TRUE(marked->cancel_requested);
  for (auto kind : {outcome_kind::cancelled, outcome_kind::failed,
                    outcome_kind::crashed, outcome_kind::interrupted,
                    outcome_kind::snoozed, outcome_kind::timed_out}) {
    auto after = finish(*marked, kind);
    ASSERT_TRUE(after);
    EXPECT_EQ(after->state, run_state::cancelled);
    EXPECT_EQ(after->reason, "by ann");
  }
  auto after = finish(*marked, outcome_kind::succeeded);
  ASSERT_TRUE(after);
  EXPECT_EQ(after->state, run_state::completed);
}

TEST(transition, retrying_a_final_run_gives_it_one_more_attempt) {
  auto dead = in_state(run_state::discarded);
  dead.failures = 3;
  dead.max_attempts = 3;
  dead.crashes = 3;
  dead.finished_at = t0;
  dead.reason = "poison";
  auto after = transition(dead, event::retried{"mended", t0 + seconds{60}});
  ASSERT_TRUE(after);
  EXPECT_EQ(after->state, run_state::available);
  EXPECT_EQ(after->max_attempts, 4U);
  EXPECT_EQ(after->crashes, 0U);
  EXPECT_EQ(after->reason, "mended");
  EXPECT_FALSE(after->finished_at);
}

TEST(transition, a_snooze_ends_within_a_hundred_years) {
  for (const auto pause : {milliseconds::max(), milliseconds::min()}) {
    auto end = ending(outcome_kind::snoozed);
    end.outcome.snooze = pause;
    const auto after
        = transition(in_state(run_state::running), event::finished{end});
    ASSERT_TRUE(after);
    EXPECT_GE(after->scheduled_at, end.finished_at);
    EXPECT_LE(after->scheduled_at, end.finished_at + std::chrono::days{36'525});
  }
}

TEST(transition, keeps_the_latest_twenty_attempts) {
  auto what = in_state(run_state::running);
  for (std::uint32_t i = 1; i <= 30; ++i) {
    what = *finish(what, outcome_kind::interrupted);
    what = *transition(what, event::claimed{t0});
  }
  EXPECT_EQ(what.attempts.size(), 20U);
  EXPECT_EQ(what.attempts.back().number, 30U);
}

} // namespace
} // namespace jobq
