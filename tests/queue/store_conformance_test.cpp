#include <functional>

#include "tests/queue/ahead_harness.hpp"
#include "tests/queue/store_harness.hpp"

/// What every implementation of `store` has to do. Another one joins by another
/// line under INSTANTIATE_TEST_SUITE_P.
namespace jobq::test {
namespace {

using harness_factory = std::function<std::unique_ptr<store_harness>()>;

class store_conformance : public ::testing::TestWithParam<harness_factory> {
protected:
  void SetUp() override { harness->open(at(0)); }

  std::unique_ptr<store_harness> harness = GetParam()();
  store_user s{*harness};
};

std::vector<run_id> ids(const std::vector<run_ptr>& runs) {
  std::vector<run_id> all;
  for (const auto& one : runs)
    all.push_back(one->id);
  return all;
}

std::vector<run_id> ids(const std::vector<run>& runs) {
  std::vector<run_id> out;
  for (const auto& one : runs)
    out.push_back(one.id);
  return out;
}

std::vector<std::uint64_t> sequences(const std::vector<completion>& all) {
  std::vector<std::uint64_t> out;
  for (const auto& one : all)
    out.push_back(one.sequence);
  return out;
}

TEST_P(store_conformance, an_enqueued_run_is_found_as_it_was) {
  auto value = make_run(1);
  value.parameters = {{"a", "1"}, {"b", ""}};
  value.timeout = seconds{3};
  value.start_deadline = at(1000);
  s.enqueue(value);
  EXPECT_EQ(s.get(value.id), value);
  s.reopen();
  EXPECT_EQ(s.get(value.id), value);
}

TEST_P(store_conformance, an_unknown_run_is_not_found) {
  auto value = harness->get().find_run(id_of(1));
  ASSERT_FALSE(value);
  EXPECT_EQ(value.error().code, errc::not_found);
  EXPECT_EQ(s.refusal(command::cancel{id_of(1), "", at(0)}), errc::not_found);
  EXPECT_EQ(s.refusal(command::retry{id_of(1), {}, at(0)}), errc::not_found);
  EXPECT_EQ(s.refusal(command::discard{id_of(1), "", at(0)}), errc::not_found);
}

TEST_P(store_conformance, a_duplicate_is_left_alone) {
  auto value = make_run(1);
  s.enqueue(value);
  auto other = value;
  other.function = "else";
  auto answer = s.must(command::enqueue{{other, make_run(2), make_run(2)}});
  EXPECT_EQ(answer.duplicates, (std::vector<bool>{true, false, true}));
  EXPECT_EQ(s.get(value.id), value);
  EXPECT_EQ(s.of_job("job").run_count, 2U);
}

TEST_P(store_conformance, only_waiting_runs_can_be_enqueued) {
  auto value = make_run(1);
  value.state = run_state::completed;
  EXPECT_EQ(s.refusal(command::enqueue{{value}}), errc::invalid_argument);
}

TEST_P(store_conformance, a_claim_takes_by_priority_then_age) {
  for (auto [number, priority, when, queue] :
       {std::tuple{1, 0, 5, "default"}, std::tuple{2, 0, 3, "other"},
        std::tuple{3, 10, 9, "default"}, std::tuple{4, -100, 0, "default"},
        std::tuple{5, 100, 9, "other"}}) {
    auto value = make_run(static_cast<std::uint64_t>(number));
    value.priority = priority;
    value.scheduled_at = at(when);
    value.queue = queue;
    s.enqueue(value);
  }
  EXPECT_EQ(ids(s.claim(3, at(10))),
            (std::vector{id_of(5), id_of(3), id_of(2)}));
  EXPECT_TRUE(s.last->claimable);
  EXPECT_EQ(ids(s.claim(9, at(10))), (std::vector{id_of(1), id_of(4)}));
  EXPECT_FALSE(s.last->claimable);
  EXPECT_TRUE(s.claim(9, at(10)).empty());
}

TEST_P(store_conformance, a_running_run_is_shown_running) {
  s.enqueue(make_run(1));
  auto taken = s.claim();
  ASSERT_EQ(taken.size(), 1U);
  EXPECT_EQ(taken[0].state, run_state::running);
  EXPECT_EQ(taken[0].attempt, 1U);
  EXPECT_EQ(taken[0].started_at, at(1));
  EXPECT_EQ(s.get(id_of(1)), taken[0]);
  EXPECT_EQ(s.list({run_state::running, {}, 10}), taken);
  EXPECT_TRUE(s.list({run_state::available, {}, 10}).empty());
  EXPECT_EQ(s.of_job("job").live,
            (std::map<run_state, std::uint64_t>{{run_state::running, 1}}));
}

TEST_P(store_conformance, a_success_completes_and_enters_history) {
  s.enqueue(make_run(1));
  auto taken = s.claim();
  auto answer = s.finish(taken.at(0), outcome_kind::succeeded, at(4), "hello");
  ASSERT_EQ(answer.runs.size(), 1U);
  ASSERT_EQ(answer.completions.size(), 1U);
  EXPECT_EQ(answer.runs[0]->state, run_state::completed);
  EXPECT_EQ(answer.completions[0].sequence, 1U);
  EXPECT_EQ(answer.completions[0].run, answer.runs[0]);
  EXPECT_EQ(s.history(), answer.completions);
  EXPECT_EQ(harness->get().read_log(id_of(1), 1).value(), "hello");
  EXPECT_EQ(harness->get().read_log(id_of(1), 2).value(), "");
  auto stats = s.of_job("job");
  EXPECT_TRUE(stats.live.empty());
  EXPECT_EQ(stats.finished.at(run_state::completed), 1U);
  EXPECT_EQ(stats.last_run, id_of(1));
  EXPECT_EQ(stats.last_state, run_state::completed);
  EXPECT_EQ(stats.last_started_at, at(1));
  EXPECT_EQ(stats.last_finished_at, at(4));
  EXPECT_EQ(stats.mean_duration, seconds{3});
}

TEST_P(store_conformance, a_late_word_about_an_attempt_is_refused) {
  s.enqueue(make_run(1));
  auto taken = s.claim().at(0);
  s.finish(taken, outcome_kind::interrupted);
  EXPECT_EQ(s.refused_end(taken.id,
                          make_attempt(taken, outcome_kind::succeeded, at(3))),
            errc::invalid_state);
  auto second = s.claim().at(0);
  EXPECT_EQ(second.attempt, 2U);
  EXPECT_EQ(s.refused_end(taken.id,
                          make_attempt(taken, outcome_kind::succeeded, at(3))),
            errc::invalid_state);
  s.finish(second);
  EXPECT_EQ(s.get(taken.id).state, run_state::completed);
}

TEST_P(store_conformance, a_refused_end_does_not_hold_up_those_beside_it) {
  s.enqueue(make_run(1));
  s.enqueue(make_run(2));
  const auto taken = s.claim(2);
  ASSERT_EQ(taken.size(), 2U);
  const auto end_of = [](const run& what) {
    return std::make_shared<const attempt_end>(attempt_end{
        what.id, make_attempt(what, outcome_kind::succeeded, at(3)), {}});
  };
  auto late = taken[0];
  ++late.attempt;
  const auto answer = s.apply(command::finish{
      {end_of(taken[1]), end_of(make_run(9)), end_of(late), end_of(taken[0])}});
  ASSERT_TRUE(answer) << answer.error().message;
  ASSERT_EQ(answer->refused.size(), 2U);
  EXPECT_EQ(answer->refused[0].index, 1U);
  EXPECT_EQ(answer->refused[0].why.code, errc::not_found);
  EXPECT_EQ(answer->refused[1].index, 2U);
  EXPECT_EQ(answer->refused[1].why.code, errc::invalid_state);
  ASSERT_EQ(answer->completions.size(), 2U);
  EXPECT_EQ(answer->completions[0].run->id, taken[1].id);
  EXPECT_EQ(answer->completions[1].run->id, taken[0].id);
  EXPECT_EQ(s.get(id_of(1)).state, run_state::completed);
  EXPECT_EQ(s.get(id_of(2)).state, run_state::completed);
}

TEST_P(store_conformance, a_failure_waits_and_is_promoted_when_due) {
  s.enqueue(make_run(1));
  s.finish(s.claim().at(0), outcome_kind::failed, at(2));
  auto waiting = s.get(id_of(1));
  EXPECT_EQ(waiting.state, run_state::retryable);
  EXPECT_EQ(s.last->next_due, waiting.scheduled_at);
  EXPECT_FALSE(s.last->claimable);
  EXPECT_EQ(s.must(command::promote{at(2), 10}).count, 0U);
  EXPECT_EQ(s.must(command::promote{at(50), 10}).count, 1U);
  EXPECT_TRUE(s.last->claimable);
  EXPECT_EQ(s.last->next_due, std::nullopt);
  EXPECT_EQ(s.claim(1, at(50)).at(0).attempt, 2U);
}

TEST_P(store_conformance, promotion_goes_by_time_and_stops_at_its_limit) {
  for (std::uint64_t i = 0; i < 5; ++i) {
    auto value = make_run(i);
    value.state = run_state::scheduled;
    value.scheduled_at = at(static_cast<std::int64_t>(20 - i));
    s.enqueue(value);
  }
  EXPECT_EQ(s.last->next_due, at(16));
  EXPECT_TRUE(s.claim(9).empty());
  EXPECT_EQ(s.must(command::promote{at(30), 2}).count, 2U);
  EXPECT_EQ(ids(s.list({run_state::available, {}, 9})),
            (std::vector{id_of(4), id_of(3)}));
  EXPECT_EQ(s.list({run_state::scheduled, {}, 9}).size(), 3U);
  EXPECT_EQ(s.must(command::promote{at(19), 9}).count, 2U);
  EXPECT_EQ(s.last->next_due, at(20));
}

TEST_P(store_conformance, cancelling_a_waiting_run_ends_it) {
  s.enqueue(make_run(1));
  auto answer = s.must(command::cancel{id_of(1), "cancelled by ann", at(2)});
  EXPECT_EQ(answer.runs.at(0)->state, run_state::cancelled);
  EXPECT_EQ(answer.runs.at(0)->reason, "cancelled by ann");
  EXPECT_EQ(answer.completions.size(), 1U);
  EXPECT_FALSE(s.last->claimable);
  EXPECT_TRUE(s.claim().empty());
  EXPECT_EQ(s.refusal(command::cancel{id_of(1), "again", at(3)}),
            errc::invalid_state);
}

TEST_P(store_conformance, cancelling_a_running_run_marks_it) {
  s.enqueue(make_run(1));
  auto taken = s.claim().at(0);
  auto answer = s.must(command::cancel{id_of(1), "enough", at(2)});
  EXPECT_EQ(answer.runs.at(0)->state, run_state::running);
  EXPECT_TRUE(answer.completions.empty());
  EXPECT_TRUE(s.get(id_of(1)).cancel_requested);
  EXPECT_EQ(s.finish(taken, outcome_kind::failed).runs.at(0)->state,
            run_state::cancelled);
}

TEST_P(store_conformance, a_final_run_can_be_retried_and_ends_anew) {
  s.enqueue(make_run(1));
  s.must(command::cancel{id_of(1), "no", at(1)});
  auto answer = s.must(command::retry{id_of(1), {}, at(5)});
  EXPECT_EQ(answer.runs.at(0)->state, run_state::available);
  EXPECT_TRUE(s.history().empty()) << "it has no end any more";
  EXPECT_EQ(s.list({std::nullopt, {}, 10}).size(), 1U);
  s.finish(s.claim().at(0));
  auto history = s.history();
  ASSERT_EQ(history.size(), 1U);
  EXPECT_EQ(history[0].sequence, 2U);
  EXPECT_EQ(s.refusal(command::discard{id_of(1), "x", at(9)}),
            errc::invalid_state);
}

TEST_P(store_conformance, a_retryable_run_can_be_retried_now) {
  s.enqueue(make_run(1));
  s.finish(s.claim().at(0), outcome_kind::failed, at(2));
  s.must(command::retry{id_of(1), {}, at(2)});
  EXPECT_EQ(s.last->next_due, std::nullopt);
  EXPECT_EQ(s.claim(1, at(2)).size(), 1U);
  EXPECT_EQ(s.refusal(command::retry{id_of(1), {}, at(2)}),
            errc::invalid_state);
}

TEST_P(store_conformance, a_waiting_run_can_be_discarded) {
  s.enqueue(make_run(1));
  auto answer = s.must(command::discard{id_of(1), "poison", at(2)});
  EXPECT_EQ(answer.runs.at(0)->state, run_state::discarded);
  EXPECT_EQ(s.history({{}, run_state::discarded, {}, {}, {}, 9}).size(), 1U);
}

TEST_P(store_conformance, a_run_past_its_deadline_expires_at_the_claim) {
  auto late = make_run(1);
  late.start_deadline = at(5);
  s.enqueue(late);
  s.enqueue(make_run(2));
  auto answer = s.must(command::claim{"me", 1, at(6)});
  EXPECT_EQ(ids(answer.runs), (std::vector{id_of(2)}));
  ASSERT_EQ(answer.completions.size(), 1U);
  EXPECT_EQ(answer.completions[0].run->state, run_state::cancelled);
  EXPECT_EQ(answer.completions[0].run->reason, "expired");
}

TEST_P(store_conformance, a_run_that_began_in_time_goes_on_past_its_deadline) {
  auto one = make_run(1);
  one.start_deadline = at(5);
  s.enqueue(one);
  s.finish(s.claim().at(0), outcome_kind::interrupted);
  EXPECT_EQ(s.claim(1, at(60)).size(), 1U);
}

TEST_P(store_conformance, commands_of_a_batch_see_those_before_them) {
  auto later = make_run(2);
  later.state = run_state::scheduled;
  later.scheduled_at = at(3);
  auto first = make_run(1);
  auto taken = first;
  taken.attempt = 1;
  taken.started_at = at(5);
  std::vector<any_command> batch{
      command::enqueue{{first, later}},
      command::enqueue{{first}},
      command::promote{at(4), 10},
      command::claim{"me", 5, at(5)},
      finish_of(first.id, make_attempt(taken, outcome_kind::succeeded, at(6))),
      command::cancel{first.id, "too late", at(7)},
      command::cancel{later.id, "", at(7)},
  };
  auto report = harness->get().apply(batch, durability::sync);
  ASSERT_TRUE(report) << report.error().message;
  ASSERT_EQ(report->replies.size(), batch.size());
  EXPECT_EQ(report->replies[1]->duplicates, std::vector<bool>{true});
  EXPECT_EQ(report->replies[2]->count, 1U);
  EXPECT_EQ(report->replies[3]->runs.size(), 2U);
  EXPECT_EQ(report->replies[4]->completions.size(), 1U);
  EXPECT_EQ(report->replies[5].error().code, errc::invalid_state);
  EXPECT_EQ(report->replies[6]->runs.at(0)->state, run_state::running);
  EXPECT_FALSE(report->claimable);
  EXPECT_EQ(s.get(first.id).state, run_state::completed);
}

TEST_P(store_conformance, a_cancel_beyond_the_window_is_seen_in_its_batch) {
  std::vector<run> many;
  for (std::uint64_t i = 0; i < 9'000; ++i)
    many.push_back(make_run(i));
  s.must(command::enqueue{many});
  s.reopen();
  std::vector<any_command> batch{command::cancel{id_of(8'500), "", at(1)},
                                 command::claim{"me", 9'000, at(1)}};
  auto report = harness->get().apply(batch, durability::async);
  ASSERT_TRUE(report);
  ASSERT_EQ(report->replies[1]->runs.size(), 8'999U);
  for (const auto& one : report->replies[1]->runs)
    EXPECT_NE(one->id, id_of(8'500));
}

TEST_P(store_conformance, a_deep_queue_comes_out_whole_and_in_order) {
  constexpr std::uint64_t depth = 20'000;
  for (std::uint64_t i = 0; i < depth; i += 1'000) {
    std::vector<run> some;
    for (auto j = i; j < i + 1'000; ++j)
      some.push_back(make_run((j * 7'919) % depth));
    s.must(command::enqueue{some});
  }
  std::uint64_t next = 0;
  while (next < depth) {
    auto taken = s.claim(3'000);
    ASSERT_FALSE(taken.empty());
    for (const auto& one : taken)
      ASSERT_EQ(one.id, id_of(next++));
    for (std::size_t i = 0; i < taken.size(); i += 2)
      s.finish(taken[i]);
    if (next == 9'000) {
      auto urgent = make_run(depth + 1);
      urgent.priority = 1;
      s.enqueue(urgent);
      EXPECT_EQ(s.claim().at(0).id, urgent.id);
    }
  }
  EXPECT_TRUE(s.claim().empty());
}

TEST_P(store_conformance, serial_runs_go_one_after_another_in_order) {
  for (std::uint64_t i = 1; i <= 4; ++i) {
    auto value = make_run(i);
    value.serial = true;
    value.nominal_time = at(static_cast<std::int64_t>(i));
    s.enqueue(value);
  }
  s.enqueue(make_run(9, "other"));
  auto taken = s.claim(10);
  EXPECT_EQ(ids(taken), (std::vector{id_of(1), id_of(9)}));
  EXPECT_FALSE(s.last->claimable) << "the rest has to wait for run 1";
  EXPECT_EQ(s.list({run_state::available, {}, 10}).size(), 3U);
  s.must(command::cancel{id_of(3), "", at(2)});
  EXPECT_TRUE(s.claim(10).empty());
  s.finish(taken[0]);
  EXPECT_TRUE(s.last->claimable);
  auto second = s.claim(10);
  EXPECT_EQ(ids(second), (std::vector{id_of(2)}));
  s.reopen();
  ASSERT_EQ(harness->found.recovered.size(), 2U);
  second = s.claim(10);
  EXPECT_EQ(ids(second), (std::vector{id_of(2), id_of(9)}));
  s.finish(second[0]);
  EXPECT_EQ(ids(s.claim(10)), (std::vector{id_of(4)}));
}

TEST_P(store_conformance, a_cancelled_serial_run_lets_the_next_one_go) {
  for (std::uint64_t i = 1; i <= 3; ++i) {
    auto value = make_run(i);
    value.serial = true;
    s.enqueue(value);
  }
  auto first = s.claim(10);
  s.finish(first.at(0));
  s.must(command::cancel{id_of(2), "", at(3)});
  EXPECT_TRUE(s.last->claimable);
  EXPECT_EQ(ids(s.claim(10)), (std::vector{id_of(3)}));
}

TEST_P(store_conformance, a_tick_its_run_and_the_cursor_are_one) {
  auto decision = decide_at(0, 10);
  decision.others.push_back({"cron", at(5), at(9), 5, tick_fate::coalesced,
                             decision.firings[0].run.id, "late"});
  auto answer = s.must(command::fire{{decision}, at(10)});
  EXPECT_EQ(ids(answer.runs), (std::vector{run_id::of_tick("cron", at(10))}));
  EXPECT_EQ(answer.ticks.size(), 2U);
  s.reopen();
  EXPECT_EQ(harness->get().cursors().value(),
            (std::vector{job_cursor{"cron", at(10), "f"}}));
  auto ticks = s.ticks();
  ASSERT_EQ(ticks.size(), 2U);
  EXPECT_EQ(ticks[0], decision.firings[0].tick);
  EXPECT_EQ(ticks[1], decision.others[0]);
  EXPECT_EQ(s.get(run_id::of_tick("cron", at(10))), decision.firings[0].run);
}

TEST_P(store_conformance, a_decision_made_before_is_ignored) {
  s.must(command::fire{{decide_at(0, 10)}, at(10)});
  s.finish(s.claim().at(0));
  for (int i = 0; i < 2; ++i) {
    auto again = s.must(command::fire{{decide_at(0, 10)}, at(10)});
    EXPECT_TRUE(again.runs.empty());
    EXPECT_TRUE(again.ticks.empty());
    s.reopen();
  }
  auto skewed = s.must(command::fire{{decide_at(5, 20)}, at(20)});
  EXPECT_TRUE(skewed.runs.empty());
  EXPECT_EQ(s.must(command::fire{{decide_at(10, 20)}, at(20)}).runs.size(), 1U);
}

TEST_P(store_conformance, a_changed_schedule_starts_a_new_cursor) {
  s.must(command::fire{{decide_at(0, 10)}, at(10)});
  auto changed = decide_at(15, 20, overlap_policy::allow_all);
  changed.cursor.fingerprint = "g";
  EXPECT_EQ(s.must(command::fire{{changed}, at(20)}).runs.size(), 1U);
  EXPECT_EQ(s.must(command::fire{{changed}, at(20)}).runs.size(), 0U);
}

TEST_P(store_conformance, a_firing_whose_run_is_there_is_ignored) {
  auto decision = decide_at(0, 10, overlap_policy::allow_all);
  s.enqueue(decision.firings[0].run);
  auto answer = s.must(command::fire{{decision}, at(10)});
  EXPECT_TRUE(answer.runs.empty());
  EXPECT_TRUE(answer.ticks.empty());
  EXPECT_EQ(s.of_job("cron").run_count, 1U);
}

/// A missed stretch in the ledger: the ticks of seconds 1 to 9.
tick missed_line(store_user& s) {
  tick_decision missed;
  missed.cursor = {"cron", at(10), "f"};
  missed.others.push_back(
      {"cron", at(1), at(9), 9, tick_fate::engine_down, {}, "catchup is none"});
  s.must(command::fire{{missed}, at(10)});
  return missed.others[0];
}

/// Replays second 9 of it.
ledger_change replay_of(const tick& line,
                        overlap_policy policy = overlap_policy::buffer_all) {
  ledger_change change;
  change.job = "cron";
  change.before = {line};
  change.firings = {make_firing(9, policy)};
  change.firings[0].run.trigger = trigger::replay;
  change.after = {line};
  change.after[0].to = at(8);
  change.after[0].count = 8;
  return change;
}

TEST_P(store_conformance, a_replay_turns_ledger_lines_into_runs) {
  const auto change = replay_of(missed_line(s));
  const auto answer = s.must(command::replay{{}, {change}, at(11)});
  EXPECT_EQ(ids(answer.runs), (std::vector{run_id::of_tick("cron", at(9))}));
  EXPECT_EQ(answer.count, 0U);
  s.reopen();
  EXPECT_EQ(s.ticks(), (std::vector{change.firings[0].tick, change.after[0]}));
  EXPECT_EQ(s.claim(5).size(), 1U);
}

TEST_P(store_conformance, a_replay_done_twice_is_done_once) {
  const auto change = replay_of(missed_line(s));
  s.must(command::replay{{}, {change}, at(11)});
  const auto again = s.must(command::replay{{}, {change}, at(12)});
  EXPECT_EQ(again.count, 1U);
  EXPECT_TRUE(again.runs.empty());
  EXPECT_EQ(s.ticks().size(), 2U);
  EXPECT_EQ(s.of_job("cron").run_count, 1U);
}

TEST_P(store_conformance, two_replays_of_a_line_in_one_batch_are_one) {
  const auto change = replay_of(missed_line(s));
  std::vector<any_command> batch{command::replay{{}, {change}, at(11)},
                                 command::replay{{}, {change}, at(11)}};
  const auto report = harness->get().apply(batch, durability::async);
  ASSERT_TRUE(report);
  EXPECT_EQ(report->replies.at(0)->count, 0U);
  EXPECT_EQ(report->replies.at(1)->count, 1U);
  EXPECT_EQ(s.ticks().size(), 2U);
}

TEST_P(store_conformance, a_replay_of_a_line_that_changed_is_ignored_whole) {
  auto change = replay_of(missed_line(s));
  change.before[0].reason = "another";
  const auto answer = s.must(command::replay{{}, {change}, at(11)});
  EXPECT_EQ(answer.count, 1U);
  EXPECT_TRUE(answer.runs.empty());
  EXPECT_EQ(s.ticks().size(), 1U);
}

TEST_P(store_conformance, a_replay_goes_by_its_overlap_policy) {
  const auto line = missed_line(s);
  s.enqueue(make_firing(10, overlap_policy::skip).run);
  auto change = replay_of(line, overlap_policy::skip);
  change.after[0].fate = tick_fate::coalesced;
  change.after[0].run = change.firings[0].run.id;
  const auto answer = s.must(command::replay{{}, {change}, at(11)});
  EXPECT_TRUE(answer.runs.empty());
  for (const auto& told : s.ticks()) {
    EXPECT_EQ(told.fate, tick_fate::skipped_overlap);
    EXPECT_FALSE(told.run);
  }
}

TEST_P(store_conformance, a_replay_under_cancel_other_names_what_to_stop) {
  const auto line = missed_line(s);
  s.enqueue(make_firing(10, overlap_policy::cancel_other).run);
  const auto running = s.claim();
  const auto answer = s.must(command::replay{
      {}, {replay_of(line, overlap_policy::cancel_other)}, at(11)});
  EXPECT_EQ(answer.to_cancel,
            (std::vector{attempt_id{running.at(0).id, running.at(0).attempt}}));
}

TEST_P(store_conformance, a_replay_may_decide_ticks_as_the_clock_would) {
  const auto first = s.must(command::replay{{decide_at(0, 10)}, {}, at(10)});
  EXPECT_EQ(first.runs.size(), 1U);
  const auto again = s.must(command::replay{{decide_at(0, 10)}, {}, at(10)});
  EXPECT_EQ(again.count, 1U);
  EXPECT_EQ(harness->get().cursors().value(),
            (std::vector{job_cursor{"cron", at(10), "f"}}));
}

TEST_P(store_conformance, a_waived_tick_stays_waived) {
  auto change = replay_of(missed_line(s));
  change.firings.clear();
  change.after = change.before;
  change.after[0].waived = true;
  s.must(command::replay{{}, {change}, at(11)});
  s.reopen();
  ASSERT_EQ(s.ticks().size(), 1U);
  EXPECT_TRUE(s.ticks()[0].waived);
}

TEST_P(store_conformance, skip_drops_the_tick_and_names_the_run) {
  s.must(command::fire{{decide_at(0, 10)}, at(10)});
  auto decision = decide_at(10, 20);
  decision.others.push_back({"cron", at(15), at(15), 1, tick_fate::coalesced,
                             decision.firings[0].run.id, ""});
  auto answer = s.must(command::fire{{decision}, at(20)});
  EXPECT_TRUE(answer.runs.empty());
  ASSERT_EQ(answer.ticks.size(), 2U);
  for (const auto& line : answer.ticks) {
    EXPECT_EQ(line.fate, tick_fate::skipped_overlap);
    EXPECT_FALSE(line.run);
    EXPECT_NE(line.reason.find(run_id::of_tick("cron", at(10)).to_string()),
              std::string::npos);
  }
  s.finish(s.claim().at(0));
  EXPECT_EQ(s.must(command::fire{{decide_at(20, 30)}, at(30)}).runs.size(), 1U);
}

TEST_P(store_conformance, skip_counts_runs_of_the_same_batch) {
  auto decision = decide_at(0, 10);
  decision.firings.push_back(make_firing(20, overlap_policy::skip));
  decision.cursor.position = at(20);
  auto answer = s.must(command::fire{{decision}, at(20)});
  EXPECT_EQ(answer.runs.size(), 1U);
  EXPECT_EQ(answer.ticks.at(1).fate, tick_fate::skipped_overlap);
}

TEST_P(store_conformance, buffer_one_keeps_one_waiting) {
  using enum overlap_policy;
  s.must(command::fire{{decide_at(0, 10, buffer_one)}, at(10)});
  s.claim();
  EXPECT_EQ(s.must(command::fire{{decide_at(10, 20, buffer_one)}, at(20)})
                .runs.size(),
            1U);
  EXPECT_TRUE(s.must(command::fire{{decide_at(20, 30, buffer_one)}, at(30)})
                  .runs.empty());
}

TEST_P(store_conformance, buffer_all_keeps_all_one_after_another) {
  using enum overlap_policy;
  for (int i = 0; i < 4; ++i)
    EXPECT_EQ(s.must(command::fire{{decide_at(i * 10, i * 10 + 10, buffer_all)},
                                   at(50)})
                  .runs.size(),
              1U);
  for (int i = 0; i < 4; ++i) {
    auto taken = s.claim(10, at(60));
    ASSERT_EQ(taken.size(), 1U);
    EXPECT_EQ(taken[0].nominal_time, at(i * 10 + 10));
    s.finish(taken[0]);
  }
}

TEST_P(store_conformance, cancel_other_stops_the_running_and_drops_the_rest) {
  using enum overlap_policy;
  s.must(command::fire{{decide_at(0, 10, buffer_all)}, at(10)});
  auto running = s.claim().at(0);
  s.must(command::fire{{decide_at(10, 20, buffer_all)}, at(20)});
  auto answer
      = s.must(command::fire{{decide_at(20, 30, cancel_other)}, at(30)});
  EXPECT_EQ(answer.to_cancel, (std::vector{attempt_id{running.id, 1}}));
  EXPECT_TRUE(answer.to_terminate.empty());
  ASSERT_EQ(answer.completions.size(), 1U);
  EXPECT_EQ(answer.completions[0].run->state, run_state::cancelled);
  EXPECT_EQ(answer.completions[0].run->reason, "replaced by a newer tick");
  EXPECT_TRUE(s.claim().empty()) << "it starts after the other has ended";
  EXPECT_EQ(s.finish(running, outcome_kind::failed).runs.at(0)->state,
            run_state::cancelled);
  EXPECT_EQ(s.claim().at(0).nominal_time, at(30));
}

TEST_P(store_conformance, terminate_other_names_the_running_one) {
  using enum overlap_policy;
  s.must(command::fire{{decide_at(0, 10, terminate_other)}, at(10)});
  auto running = s.claim().at(0);
  auto answer
      = s.must(command::fire{{decide_at(10, 20, terminate_other)}, at(20)});
  EXPECT_EQ(answer.to_terminate, (std::vector{attempt_id{running.id, 1}}));
  EXPECT_EQ(answer.runs.size(), 1U);
}

TEST_P(store_conformance, allow_all_runs_side_by_side) {
  using enum overlap_policy;
  s.must(command::fire{{decide_at(0, 10, allow_all)}, at(10)});
  s.must(command::fire{{decide_at(10, 20, allow_all)}, at(20)});
  EXPECT_EQ(s.claim(10).size(), 2U);
}

TEST_P(store_conformance, manual_runs_do_not_count_for_overlap) {
  s.enqueue(make_run(1, "cron"));
  EXPECT_EQ(s.must(command::fire{{decide_at(0, 10)}, at(10)}).runs.size(), 1U);
}

TEST_P(store_conformance, a_switch_and_its_decision_are_one) {
  job_switch off{"cron", false, "ann", "noise", at(10)};
  auto answer = s.must(command::set_switch{off, decide_at(0, 10)});
  EXPECT_EQ(answer.runs.size(), 1U);
  s.reopen();
  EXPECT_EQ(harness->get().switches().value(), (std::vector{off}));
  s.must(command::forget_job{"cron", true});
  EXPECT_EQ(harness->get().switches().value(), (std::vector{off}))
      << "it is still configured";
  EXPECT_TRUE(harness->get().cursors()->empty());
  s.must(command::forget_job{"cron"});
  EXPECT_TRUE(harness->get().switches()->empty());
  EXPECT_TRUE(harness->get().cursors()->empty());
  EXPECT_EQ(s.ticks().size(), 1U) << "the ledger stays";
  EXPECT_EQ(s.must(command::fire{{decide_at(3, 40)}, at(40)}).ticks.size(), 1U)
      << "without a cursor any decision is new";
}

TEST_P(store_conformance, what_a_dead_engine_ran_has_crashed) {
  auto poison = make_run(2);
  poison.max_crashes = 1;
  s.must(command::enqueue{{make_run(1), poison, make_run(3), make_run(4)}});
  auto taken = s.claim(3);
  s.finish(taken.at(2));
  s.must(command::cancel{id_of(4), "", at(2)});
  s.reopen(at(60));
  const auto& found = harness->found;
  ASSERT_EQ(found.recovered.size(), 2U);
  const auto& back = found.recovered[0];
  EXPECT_EQ(back.id, id_of(1));
  EXPECT_EQ(back.state, run_state::available);
  EXPECT_EQ(back.crashes, 1U);
  ASSERT_TRUE(back.last_outcome());
  EXPECT_EQ(back.last_outcome()->kind, outcome_kind::crashed);
  EXPECT_EQ(back.last_outcome()->error,
            "the engine died while this attempt was running");
  EXPECT_EQ(back.attempts.at(0).started_at, at(1));
  ASSERT_EQ(found.completions.size(), 1U);
  EXPECT_EQ(found.completions[0].run->id, id_of(2));
  EXPECT_EQ(found.completions[0].run->reason, "poison");
  EXPECT_EQ(s.get(id_of(1)), back);
  s.reopen(at(61));
  EXPECT_TRUE(harness->found.recovered.empty()) << "counted once";
  EXPECT_EQ(s.claim(10, at(62)).at(0).attempt, 2U);
}

TEST_P(store_conformance, a_cancel_outlives_the_engine) {
  s.enqueue(make_run(1));
  s.claim();
  s.must(command::cancel{id_of(1), "enough", at(2)});
  s.reopen();
  ASSERT_EQ(harness->found.recovered.size(), 1U);
  EXPECT_EQ(harness->found.recovered[0].state, run_state::cancelled);
}

TEST_P(store_conformance, sequences_are_never_used_twice) {
  std::uint64_t last = 0;
  for (std::uint64_t i = 0; i < 4; ++i) {
    s.enqueue(make_run(i));
    auto done = s.finish(s.claim().at(0)).completions.at(0);
    EXPECT_GT(done.sequence, last);
    last = done.sequence;
    if (i == 1)
      s.must(command::expire{{}, at(400'000'000), 100});
    s.reopen();
  }
  EXPECT_EQ(harness->get().statistics()->last_sequence, last);
}

/// 30 finished runs: number i of job a or b, every third discarded, every
/// fifth cancelled.
class store_history : public store_conformance {
protected:
  void SetUp() override {
    store_conformance::SetUp();
    for (std::uint64_t i = 1; i <= 30; ++i) {
      s.enqueue(make_run(i, i % 2 ? "a" : "b"));
      auto when = at(static_cast<std::int64_t>(i) * 100);
      if (i % 5 == 0)
        s.must(command::cancel{id_of(i), "", when});
      else if (i % 3 == 0)
        s.must(command::discard{id_of(i), "", when});
      else
        s.finish(s.claim().at(0), outcome_kind::succeeded, when);
    }
  }
  std::vector<std::uint64_t>
  expected(const std::function<bool(std::uint64_t)>& wanted) {
    std::vector<std::uint64_t> out;
    for (std::uint64_t i = 30; i > 0; --i)
      if (wanted(i))
        out.push_back(i);
    return out;
  }
};

TEST_P(store_history, is_listed_newest_first) {
  EXPECT_EQ(sequences(s.history({{}, {}, {}, {}, {}, 100})),
            expected([](auto) { return true; }));
  EXPECT_EQ(sequences(s.history({{}, {}, {}, {}, {}, 2})),
            (std::vector<std::uint64_t>{30, 29}));
}

TEST_P(store_history, is_filtered_by_job) {
  EXPECT_EQ(sequences(s.history({"a", {}, {}, {}, {}, 100})),
            expected([](auto i) { return i % 2 == 1; }));
  EXPECT_TRUE(s.history({"nobody", {}, {}, {}, {}, 100}).empty());
}

TEST_P(store_history, is_filtered_by_state) {
  using enum run_state;
  EXPECT_EQ(sequences(s.history({{}, discarded, {}, {}, {}, 100})),
            expected([](auto i) { return i % 3 == 0 && i % 5 != 0; }));
  EXPECT_EQ(sequences(s.history({{}, cancelled, {}, {}, {}, 100})),
            expected([](auto i) { return i % 5 == 0; }));
  EXPECT_EQ(sequences(s.history({{}, completed, {}, {}, {}, 100})),
            expected([](auto i) { return i % 5 != 0 && i % 3 != 0; }));
  EXPECT_TRUE(s.history({{}, running, {}, {}, {}, 100}).empty());
}

TEST_P(store_history, is_filtered_by_all_at_once) {
  EXPECT_EQ(
      sequences(s.history(
          {"a", run_state::cancelled, at(1'000), {}, std::uint64_t{25}, 100})),
      (std::vector<std::uint64_t>{15}));
  EXPECT_EQ(sequences(s.history({"b", run_state::discarded, {}, {}, {}, 2})),
            (std::vector<std::uint64_t>{24, 18}));
}

TEST_P(store_history, is_read_on_from_a_sequence) {
  EXPECT_EQ(sequences(s.history({{}, {}, {}, std::uint64_t{26}, {}, 3})),
            (std::vector<std::uint64_t>{27, 28, 29}));
  EXPECT_EQ(sequences(s.history({"a", {}, {}, std::uint64_t{0}, {}, 3})),
            (std::vector<std::uint64_t>{1, 3, 5}));
  EXPECT_EQ(sequences(s.history(
                {"b", run_state::cancelled, {}, std::uint64_t{10}, {}, 9})),
            (std::vector<std::uint64_t>{20, 30}));
  EXPECT_TRUE(s.history({{}, {}, {}, std::uint64_t{30}, {}, 3}).empty());
}

TEST_P(store_history, is_read_back_before_a_sequence) {
  EXPECT_EQ(sequences(s.history({{}, {}, {}, {}, std::uint64_t{4}, 9})),
            (std::vector<std::uint64_t>{3, 2, 1}));
}

TEST_P(store_history, is_cut_at_a_time) {
  EXPECT_EQ(sequences(s.history({{}, {}, at(2'900), {}, {}, 9})),
            (std::vector<std::uint64_t>{30, 29}));
}

TEST_P(store_history, lists_runs_by_state_and_job) {
  s.enqueue(make_run(77, "a"));
  auto all = s.list({std::nullopt, "a", 100});
  ASSERT_EQ(all.size(), 16U);
  EXPECT_EQ(all[0].id, id_of(77)) << "live ones first";
  EXPECT_EQ(all[1].id, id_of(29)) << "then the newest";
  EXPECT_EQ(s.list({run_state::cancelled, "b", 2}).size(), 2U);
  EXPECT_EQ(s.list({run_state::available, "b", 2}).size(), 0U);
  EXPECT_EQ(s.list({run_state::available, "", 2}).size(), 1U);
}

TEST_P(store_history, expires_by_state_and_age) {
  retention keep;
  keep.completed = seconds{1'000};
  keep.cancelled = seconds{2'000};
  keep.discarded = seconds{100'000};
  // completed before 2,000; cancelled before 1,000
  auto answer = s.must(command::expire{keep, at(3'000), 1'000});
  auto left = expected(
      [](auto i) { return i % 5 == 0 ? i >= 10 : i % 3 == 0 || i >= 20; });
  EXPECT_EQ(sequences(s.history({{}, {}, {}, {}, {}, 100})), left);
  EXPECT_EQ(answer.count, 30 - left.size());
  EXPECT_EQ(harness->get().find_run(id_of(1)).error().code, errc::not_found);
  EXPECT_EQ(s.must(command::expire{keep, at(3'000), 1'000}).count, 0U);
  s.reopen();
  EXPECT_EQ(s.must(command::expire{keep, at(3'000), 1'000}).count, 0U);
  EXPECT_EQ(sequences(s.history({{}, {}, {}, {}, {}, 100})), left);
}

TEST_P(store_history, expires_at_most_the_limit_and_says_so) {
  retention keep{};
  std::uint64_t gone = 0;
  for (int i = 0; i < 10; ++i) {
    auto count = s.must(command::expire{keep, at(40'000'000), 7}).count;
    gone += count;
    if (count < 7)
      break;
  }
  EXPECT_EQ(gone, 30U);
  EXPECT_TRUE(s.history().empty());
  EXPECT_TRUE(s.list({std::nullopt, {}, 10}).empty());
}

TEST_P(store_conformance, expiry_spares_a_run_that_lives_again) {
  s.enqueue(make_run(1));
  s.must(command::cancel{id_of(1), "", at(1)});
  s.must(command::retry{id_of(1), {}, at(2)});
  s.must(command::expire{{}, at(40'000'000), 10});
  EXPECT_EQ(s.get(id_of(1)).state, run_state::available);
  EXPECT_EQ(s.claim().size(), 1U);
}

TEST_P(store_conformance, a_run_goes_with_its_logs) {
  s.enqueue(make_run(1));
  s.finish(s.claim().at(0), outcome_kind::succeeded, at(2), "text");
  s.must(command::expire{{}, at(40'000'000), 10});
  EXPECT_EQ(harness->get().read_log(id_of(1), 1).value(), "");
}

TEST_P(store_conformance, ticks_are_filtered_and_expire) {
  tick_decision decision;
  decision.cursor = {"cron", at(100), "f"};
  decision.others
      = {{"cron", at(10), at(19), 10, tick_fate::engine_down, {}, ""},
         {"cron", at(20), at(20), 1, tick_fate::disabled, {}, ""},
         {"cron", at(30), at(30), 1, tick_fate::paused, {}, ""}};
  auto other = decide_at(0, 25, overlap_policy::skip, "else");
  s.must(command::fire{{decision, other}, at(100)});
  EXPECT_EQ(s.ticks().size(), 4U);
  EXPECT_EQ(s.ticks().at(1).job, "else");
  EXPECT_EQ(s.ticks({"cron", {}, {}, {}, 2}).size(), 2U);
  EXPECT_EQ(s.ticks({"cron", at(15), {}, {}, 9}).size(), 3U);
  EXPECT_EQ(s.ticks({"cron", {}, at(20), {}, 9}).size(), 2U);
  EXPECT_EQ(s.ticks({"cron", at(20), at(20), {}, 9}).size(), 1U);
  EXPECT_EQ(s.ticks({"", {}, {}, tick_fate::paused, 9}).at(0).nominal_time,
            at(30));
  retention keep;
  keep.ticks = seconds{0};
  EXPECT_EQ(s.must(command::expire{keep, at(20), 100}).count, 1U);
  EXPECT_EQ(s.must(command::expire{keep, at(31), 2}).count, 2U);
  EXPECT_EQ(s.must(command::expire{keep, at(31), 2}).count, 1U);
  EXPECT_TRUE(s.ticks().empty());
}

TEST_P(store_conformance, statistics_follow_every_change) {
  auto cold = make_run(2);
  cold.queue = "cold";
  cold.state = run_state::scheduled;
  cold.scheduled_at = at(50);
  s.must(command::enqueue{{make_run(1), cold, make_run(3)}});
  s.claim();
  auto stats = harness->get().statistics().value();
  ASSERT_EQ(stats.queues.size(), 2U);
  EXPECT_EQ(stats.queues[0].queue, "cold");
  EXPECT_EQ(stats.queues[0].live,
            (std::map<run_state, std::uint64_t>{{run_state::scheduled, 1}}));
  EXPECT_FALSE(stats.queues[0].oldest_available);
  EXPECT_EQ(stats.queues[1].live,
            (std::map<run_state, std::uint64_t>{{run_state::running, 1},
                                                {run_state::available, 1}}));
  EXPECT_EQ(stats.queues[1].oldest_available, at(0));
  EXPECT_GT(stats.disk_bytes, 0U);
  EXPECT_EQ(stats.format, 2U);
  s.reopen();
  auto live = s.of_job("job").live;
  EXPECT_EQ(live.at(run_state::available), 2U);
  EXPECT_EQ(live.at(run_state::scheduled), 1U);
}

const harness_factory rocksdb
    = [] { return std::make_unique<rocksdb_harness>(); };

// The same with batches that are built before the last is written.
const harness_factory ahead = [] { return std::make_unique<ahead_harness>(); };

std::string name_of(const ::testing::TestParamInfo<harness_factory>& one) {
  return one.index == 0 ? "rocksdb" : "rocksdb_ahead";
}

INSTANTIATE_TEST_SUITE_P(stores, store_conformance,
                         ::testing::Values(rocksdb, ahead), name_of);
INSTANTIATE_TEST_SUITE_P(stores, store_history,
                         ::testing::Values(rocksdb, ahead), name_of);

} // namespace
} // namespace jobq::test
