#include "tests/actors/virtual_time.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "jobs/config.hpp"

namespace jobq {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

outcome failing(std::string why) {
  outcome result;
  result.kind = outcome_kind::failed;
  result.error = std::move(why);
  return result;
}

class engine_room : public virtual_time {};

TEST_F(engine_room, one_day_of_the_seed_yields_exactly_its_runs) {
  known_functions known{{"core",
                         {"cleanup_anonymous_users", "cleanup_empty_contexts",
                          "publish_content"}}};
  auto read = load_config(std::filesystem::path{JOBQ_SOURCE_DIR}
                              / "services/scheduler/config.yaml",
                          known);
  ASSERT_TRUE(read.ok());
  config_ = *read.value;
  why_not_ = [](const job_definition& job) -> std::string {
    return job.extension == "blog" ? "extension \"blog\" not found" : "";
  };
  begin();
  auto from = now();
  pass(hours{24});
  std::map<std::string, std::set<time_point>> ran;
  for (const auto& one : history()) {
    EXPECT_EQ(one.run->state, run_state::completed);
    EXPECT_EQ(one.run->trigger, trigger::schedule);
    EXPECT_EQ(one.run->started_at, one.run->nominal_time);
    EXPECT_TRUE(ran[one.run->job].insert(*one.run->nominal_time).second);
  }
  EXPECT_EQ(ran.size(), 3U);
  EXPECT_EQ(ran["cleanup_anonymous_users"].size(), 1U);
  EXPECT_EQ(ran["cleanup_anonymous_users"].count(from + hours{19}), 1U);
  EXPECT_EQ(ran["cleanup_empty_contexts"].size(), 24U);
  EXPECT_EQ(ran["publish_content"].size(), 48U);
  for (int half = 1; half <= 48; ++half)
    EXPECT_EQ(ran["publish_content"].count(from + minutes{30 * half}), 1U);
}

TEST_F(engine_room, every_second_of_an_hour_runs_exactly_once) {
  add_job("often", "* * * * * *");
  begin();
  pass(hours{1});
  auto all = history("often");
  ASSERT_EQ(all.size(), 3'600U);
  for (std::size_t i = 0; i < all.size(); ++i) {
    EXPECT_EQ(all[i].sequence, i + 1);
    EXPECT_EQ(all[i].run->nominal_time,
              *all[0].run->nominal_time + seconds{static_cast<int>(i)});
  }
}

TEST_F(engine_room, no_more_runs_at_a_time_than_workers) {
  config_.workers = 3;
  add_job("slow", "");
  executor_.held_jobs["slow"] = true;
  begin();
  for (int i = 0; i < 10; ++i)
    enqueue("slow");
  EXPECT_EQ(executor_.held.size(), 3U);
  EXPECT_EQ(view_->running, 3U);
  for (int i = 0; i < 10; ++i) {
    ASSERT_FALSE(executor_.held.empty());
    executor_.end(executor_.held.begin()->first, {});
    pass(milliseconds{0});
    EXPECT_LE(executor_.held.size(), 3U);
  }
  EXPECT_EQ(history().size(), 10U);
}

TEST_F(engine_room, a_failing_attempt_is_retried_after_its_backoff) {
  auto& job = add_job("flaky", "");
  job.max_attempts = 3;
  job.backoff = {backoff_type::fixed, seconds{30}, 1, hours{1}, 0};
  int calls = 0;
  executor_.scripts["flaky"] = [&](const run&) {
    return ++calls < 3 ? failing("not yet") : outcome{};
  };
  begin();
  auto id = enqueue("flaky").id;
  EXPECT_EQ(store_->find_run(id)->state, run_state::retryable);
  pass(seconds{29});
  EXPECT_EQ(calls, 1);
  pass(seconds{1});
  EXPECT_EQ(calls, 2);
  pass(seconds{30});
  auto done = store_->find_run(id);
  ASSERT_TRUE(done);
  EXPECT_EQ(done->state, run_state::completed);
  EXPECT_EQ(done->attempts.size(), 3U);
  EXPECT_EQ(done->attempts[0].outcome.error, "not yet");
}

TEST_F(engine_room, a_worker_that_dies_is_one_crashed_attempt_and_no_more) {
  add_job("broken", "");
  add_job("fine", "");
  executor_.broken_jobs["broken"] = true;
  begin();
  auto id = enqueue("broken").id;
  enqueue("fine");
  EXPECT_EQ(history("fine").size(), 1U);
  auto seen = store_->find_run(id);
  ASSERT_TRUE(seen);
  ASSERT_GE(seen->attempts.size(), 1U);
  EXPECT_EQ(seen->attempts[0].outcome.kind, outcome_kind::crashed);
  EXPECT_NE(seen->attempts[0].outcome.error.find("the worker died"),
            std::string::npos);
  pass(minutes{5});
  seen = store_->find_run(id);
  EXPECT_EQ(seen->state, run_state::discarded);
  EXPECT_EQ(seen->reason, "poison");
  EXPECT_EQ(view_->running, 0U);
  EXPECT_FALSE(failure_);
}

TEST_F(engine_room, a_timeout_stops_the_attempt_at_its_time) {
  auto& job = add_job("slow", "");
  job.timeout = seconds{10};
  executor_.held_jobs["slow"] = true;
  begin();
  auto id = enqueue("slow").id;
  pass(milliseconds{9'999});
  EXPECT_TRUE(executor_.stopped.empty());
  pass(milliseconds{1});
  ASSERT_EQ(executor_.stopped.size(), 1U);
  EXPECT_EQ(executor_.stopped[0].second, stop_reason::timeout);
  auto seen = store_->find_run(id);
  EXPECT_EQ(seen->state, run_state::discarded);
  EXPECT_EQ(seen->attempts[0].outcome.kind, outcome_kind::timed_out);
}

TEST_F(engine_room, each_attempt_is_stopped_at_its_own_time) {
  constexpr std::array lengths{20, 10, 30, 5};
  for (const auto length : lengths) {
    const auto name = "of_" + std::to_string(length);
    add_job(name, "").timeout = seconds{length};
    executor_.held_jobs[name] = true;
  }
  begin();
  std::map<run_id, int> wanted;
  command::enqueue all; // they begin together
  for (const auto length : lengths) {
    all.runs.push_back(made_run("of_" + std::to_string(length)));
    wanted[all.runs.back().id] = length;
  }
  ASSERT_TRUE(submit(std::move(all)));
  for (int second = 1; second <= 30; ++second) {
    const auto before = executor_.stopped.size();
    pass(seconds{1});
    for (auto i = before; i < executor_.stopped.size(); ++i) {
      EXPECT_EQ(wanted[executor_.stopped[i].first], second);
      EXPECT_EQ(executor_.stopped[i].second, stop_reason::timeout);
    }
  }
  EXPECT_EQ(executor_.stopped.size(), lengths.size());
}

TEST_F(engine_room, an_attempt_that_ignores_its_timeout_is_given_up) {
  auto& job = add_job("deaf", "");
  job.timeout = seconds{10};
  executor_.held_jobs["deaf"] = true;
  executor_.obedient = false;
  config_.workers = 1;
  begin();
  auto id = enqueue("deaf").id;
  pass(seconds{10} + options_.obey_grace);
  auto seen = store_->find_run(id);
  EXPECT_EQ(seen->state, run_state::discarded);
  EXPECT_EQ(seen->attempts[0].outcome.kind, outcome_kind::timed_out);
  EXPECT_NE(seen->attempts[0].outcome.error.find("did not stop"),
            std::string::npos);
  // Its slot is free again, and its late word changes nothing.
  executor_.held_jobs.clear();
  enqueue("deaf");
  EXPECT_EQ(history().size(), 2U);
  executor_.end(id, {});
  pass(seconds{1});
  EXPECT_EQ(store_->find_run(id)->state, run_state::discarded);
}

TEST_F(engine_room, cancelling_stops_what_runs) {
  add_job("slow", "");
  executor_.held_jobs["slow"] = true;
  begin();
  auto id = enqueue("slow").id;
  auto marked = submit(command::cancel{id, "cancelled by ann", now()});
  ASSERT_TRUE(marked);
  ASSERT_TRUE(marked->runs.at(0)->cancel_requested);
  caf::anon_send(supervisor_, atom::stop_v,
                 stop_order{{id, 1}, stop_reason::cancel});
  pass(milliseconds{0});
  EXPECT_EQ(store_->find_run(id)->state, run_state::cancelled);
  EXPECT_EQ(store_->find_run(id)->reason, "cancelled by ann");
}

TEST_F(engine_room, a_stop_that_crossed_its_attempts_end_harms_no_later_one) {
  add_job("slow", "");
  executor_.held_jobs["slow"] = true;
  begin();
  const auto id = enqueue("slow").id;
  executor_.end(id, {});
  caf::anon_send(supervisor_, atom::stop_v,
                 stop_order{{id, 1}, stop_reason::cancel});
  pass(milliseconds{0});
  ASSERT_TRUE(submit(command::retry{id, {}, now()}));
  pass(seconds{1});
  EXPECT_EQ(executor_.started.size(), 2U);
  EXPECT_TRUE(executor_.stopped.empty());
  EXPECT_EQ(store_->find_run(id)->state, run_state::running);
}

TEST_F(engine_room, skip_drops_ticks_while_a_run_lasts_and_says_so) {
  add_job("slow", "0 * * * * *");
  executor_.held_jobs["slow"] = true;
  begin();
  pass(minutes{5});
  EXPECT_EQ(executor_.started.size(), 1U);
  EXPECT_EQ(fates("slow")[tick_fate::fired], 1U);
  EXPECT_EQ(fates("slow")[tick_fate::skipped_overlap], 4U);
  executor_.end(executor_.held.begin()->first, {});
  pass(minutes{1});
  EXPECT_EQ(executor_.started.size(), 2U);
}

TEST_F(engine_room, buffer_all_runs_one_after_another_in_order) {
  auto& job = add_job("slow", "0 * * * * *");
  job.overlap_policy = overlap_policy::buffer_all;
  executor_.held_jobs["slow"] = true;
  begin();
  pass(minutes{4});
  ASSERT_EQ(executor_.started.size(), 1U);
  for (std::size_t i = 2; i <= 4; ++i) {
    executor_.end(executor_.held.begin()->first, {});
    pass(milliseconds{0});
    ASSERT_EQ(executor_.started.size(), i);
    EXPECT_LT(executor_.started[i - 2].nominal_time,
              executor_.started[i - 1].nominal_time);
  }
}

class making_way : public engine_room {
protected:
  /// Has each tick of a job meet a run that lasts.
  void expect_stopped_for(overlap_policy policy, stop_reason why) {
    auto& job = add_job("slow", "0 * * * * *");
    job.overlap_policy = policy;
    executor_.held_jobs["slow"] = true;
    begin();
    pass(minutes{3});
    EXPECT_EQ(executor_.started.size(), 3U);
    ASSERT_EQ(executor_.stopped.size(), 2U);
    EXPECT_EQ(executor_.stopped[0].second, why);
    auto all = history("slow");
    ASSERT_EQ(all.size(), 2U);
    EXPECT_EQ(all[0].run->state, run_state::cancelled);
  }
};

TEST_F(making_way, cancel_other_replaces_the_running_one) {
  expect_stopped_for(overlap_policy::cancel_other, stop_reason::cancel);
}

TEST_F(making_way, terminate_other_does_not_ask_the_running_one) {
  expect_stopped_for(overlap_policy::terminate_other, stop_reason::terminate);
}

TEST_F(engine_room, disabling_takes_effect_at_once_and_is_recorded) {
  add_job("often", "* * * * * *");
  begin();
  pass(seconds{10});
  ASSERT_TRUE(toggle("often", false));
  pass(seconds{30});
  EXPECT_EQ(history("often").size(), 10U);
  ASSERT_TRUE(toggle("often", true));
  pass(seconds{5});
  EXPECT_EQ(history("often").size(), 15U);
  EXPECT_EQ(fates("often")[tick_fate::fired], 15U);
  EXPECT_EQ(fates("often")[tick_fate::disabled], 30U);
  auto switches = store_->switches();
  ASSERT_TRUE(switches);
  ASSERT_EQ(switches->size(), 1U);
  EXPECT_EQ(switches->at(0).by, "ann");
}

TEST_F(engine_room, a_disabled_job_stays_disabled_over_a_restart) {
  add_job("often", "* * * * * *");
  begin();
  ASSERT_TRUE(toggle("often", false));
  crash();
  begin();
  pass(minutes{1});
  EXPECT_TRUE(history("often").empty());
  ASSERT_TRUE(toggle("often", true));
  pass(seconds{3});
  EXPECT_EQ(history("often").size(), 3U);
}

TEST_F(engine_room, a_clock_that_dies_is_restarted_without_losing_a_tick) {
  add_job("often", "* * * * * *");
  begin();
  for (int i = 0; i < 4; ++i) {
    pass(seconds{20});
    break_clock_ = true;
  }
  pass(seconds{20});
  EXPECT_EQ(view_->restarts, 4U);
  EXPECT_EQ(history("often").size(), 100U);
  EXPECT_EQ(fates("often")[tick_fate::fired], 100U);
  EXPECT_FALSE(failure_);
}

TEST_F(engine_room, a_history_that_dies_is_restarted_without_losing_an_end) {
  add_job("slow", "");
  executor_.held_jobs["slow"] = true;
  begin();
  auto feed = feeds_->subscribe(0);
  auto id = enqueue("slow").id;
  commits_->broken = error{errc::busy, "not now"};
  break_logger_ = "not now";
  executor_.end(id, {});
  pass(milliseconds{0});
  EXPECT_EQ(view_->restarts, 1U);
  commits_->broken.reset();
  pass(seconds{2});
  EXPECT_EQ(store_->find_run(id)->state, run_state::completed);
  auto fresh = feed->next(milliseconds{0});
  ASSERT_TRUE(fresh);
  EXPECT_EQ(fresh->size(), 1U);
}

TEST_F(engine_room, a_clock_that_dies_too_often_stops_the_engine_and_says_why) {
  add_job("often", "* * * * * *");
  begin();
  for (int i = 0; i < 8 && !failure_; ++i) {
    break_clock_ = true;
    pass(seconds{2});
  }
  ASSERT_TRUE(failure_);
  EXPECT_NE(failure_->find("clock"), std::string::npos);
}

TEST_F(engine_room, a_keeper_that_dies_stops_the_engine_and_says_why) {
  add_job("often", "* * * * * *");
  add_job("slow", "");
  executor_.held_jobs["slow"] = true;
  const auto others = actors();
  begin();
  enqueue("slow");
  caf::anon_send_exit(keeper_, caf::exit_reason::kill);
  pass(milliseconds{0});
  ASSERT_TRUE(failure_);
  EXPECT_NE(failure_->find("the keeper died"), std::string::npos) << *failure_;
  EXPECT_EQ(view_->failure(), failure_);
  EXPECT_TRUE(said("the engine gives up: the keeper died"));
  EXPECT_EQ(actors(), others) << "somebody works on";
}

TEST_F(engine_room, a_supervisor_that_dies_stops_the_engine_and_says_why) {
  add_job("often", "* * * * * *");
  add_job("slow", "");
  executor_.held_jobs["slow"] = true;
  const auto others = actors();
  begin();
  enqueue("slow");
  pass(seconds{4});
  EXPECT_FALSE(failure_);
  break_clock_ = true;
  break_logger_ = "clock is restarted";
  pass(seconds{2});
  ASSERT_TRUE(failure_);
  EXPECT_NE(failure_->find("the supervisor died"), std::string::npos)
      << *failure_;
  EXPECT_EQ(view_->failure(), failure_);
  EXPECT_TRUE(said("supervisor died: the test broke the logger"));
  EXPECT_TRUE(said("the engine gives up: the supervisor died"));
  EXPECT_EQ(actors(), others) << "somebody works on";
}

TEST_F(engine_room, a_supervisor_that_ends_in_order_is_no_failure) {
  const auto others = actors();
  begin();
  halt();
  EXPECT_FALSE(failure_);
  EXPECT_EQ(view_->failure(), "");
  EXPECT_EQ(actors(), others);
}

TEST_F(engine_room, what_ends_while_a_failed_engine_halts_is_recorded) {
  add_job("often", "* * * * * *");
  add_job("slow", "");
  executor_.held_jobs["slow"] = true;
  begin();
  auto id = enqueue("slow").id;
  for (int i = 0; i < 8 && !failure_; ++i) {
    break_clock_ = true;
    pass(seconds{2});
  }
  ASSERT_TRUE(failure_);
  caf::anon_send(supervisor_, atom::halt_v);
  pass(milliseconds{1});
  executor_.end(id, {});
  pass(milliseconds{1});
  EXPECT_EQ(store_->find_run(id)->state, run_state::completed);
}

TEST_F(engine_room, a_failed_store_makes_the_engine_give_up_with_its_reason) {
  add_job("a", "");
  executor_.held_jobs["a"] = true;
  begin();
  auto id = enqueue("a").id;
  commits_->broken = error{errc::store_failed, "no space left"};
  executor_.end(id, {});
  pass(seconds{1});
  EXPECT_EQ(failure_, "no space left");
}

TEST_F(engine_room, ends_when_the_store_fails_after_it_was_told_to) {
  add_job("a", "");
  executor_.held_jobs["a"] = true;
  const auto others = actors();
  begin();
  auto id = enqueue("a").id;
  caf::anon_send(supervisor_, atom::halt_v);
  pass(milliseconds{1});
  commits_->broken = error{errc::store_failed, "no space left"};
  executor_.end(id, {});
  pass(seconds{1});
  EXPECT_EQ(failure_, "no space left");
  EXPECT_EQ(actors(), others) << "somebody waits for ever";
}

TEST_F(engine_room, what_is_claimed_while_it_halts_is_given_back) {
  add_job("slow", "");
  executor_.held_jobs["slow"] = true;
  begin();
  pass(seconds{1});
  commits_->holds_claims = true;
  const auto id = enqueue("slow").id;
  caf::anon_send(supervisor_, atom::halt_v);
  pass(milliseconds{1});
  EXPECT_TRUE(executor_.started.empty());
  release_commits();
  pass(milliseconds{1});
  const auto seen = store_->find_run(id);
  EXPECT_EQ(seen->state, run_state::available);
  ASSERT_EQ(seen->attempts.size(), 1U);
  EXPECT_EQ(seen->attempts.at(0).outcome.kind, outcome_kind::interrupted);
}

TEST_F(engine_room, a_stop_that_is_there_before_its_run_reaches_the_function) {
  add_job("slow", "");
  executor_.held_jobs["slow"] = true;
  begin();
  const auto made = made_run("slow");
  caf::anon_send(supervisor_, atom::stop_v,
                 stop_order{{made.id, 1}, stop_reason::cancel});
  pass(milliseconds{0});
  ASSERT_TRUE(submit(command::enqueue{{made}}));
  pass(milliseconds{0});
  ASSERT_EQ(executor_.started.size(), 1U);
  ASSERT_EQ(executor_.stopped.size(), 1U) << "at once, not after the grace";
  EXPECT_EQ(executor_.stopped[0].first, made.id);
  EXPECT_EQ(store_->find_run(made.id)->attempts.at(0).outcome.kind,
            outcome_kind::cancelled);
}

TEST_F(engine_room, refused_ticks_are_decided_again) {
  add_job("often", "* * * * * *");
  begin();
  pass(seconds{5});
  commits_->broken = error{errc::busy, "disk almost full"};
  pass(seconds{5});
  commits_->broken.reset();
  pass(seconds{5});
  EXPECT_FALSE(failure_);
  EXPECT_EQ(history("often").size(), 15U);
}

TEST_F(engine_room, a_killed_engine_loses_and_doubles_nothing) {
  auto& job = add_job("often", "* * * * * *");
  job.catchup = catchup_policy::all;
  begin();
  for (int i = 0; i < 10; ++i) {
    pass(milliseconds{2'300 + 170 * i});
    crash();
    pass(milliseconds{900 * i});
    begin();
  }
  pass(seconds{10});
  auto all = history("often");
  std::set<time_point> nominal;
  for (const auto& one : all) {
    EXPECT_EQ(one.run->state, run_state::completed);
    EXPECT_TRUE(nominal.insert(*one.run->nominal_time).second);
  }
  ASSERT_FALSE(nominal.empty());
  auto span = *nominal.rbegin() - *nominal.begin();
  EXPECT_EQ(nominal.size(), static_cast<std::size_t>(span / seconds{1}) + 1);
  EXPECT_EQ(fates("often")[tick_fate::fired], nominal.size());
}

TEST_F(engine_room, a_run_that_was_going_when_the_engine_died_runs_again) {
  add_job("slow", "");
  executor_.held_jobs["slow"] = true;
  begin();
  auto id = enqueue("slow").id;
  crash();
  ASSERT_EQ(recovered_.size(), 1U);
  executor_.held_jobs.clear();
  begin();
  auto seen = store_->find_run(id);
  ASSERT_TRUE(seen);
  EXPECT_EQ(seen->state, run_state::completed);
  ASSERT_EQ(seen->attempts.size(), 2U);
  EXPECT_EQ(seen->attempts[0].outcome.kind, outcome_kind::crashed);
}

TEST_F(engine_room, the_clock_going_back_repeats_nothing) {
  add_job("often", "* * * * * *");
  begin();
  pass(seconds{60});
  step_clock(-seconds{30});
  pass(seconds{29});
  EXPECT_EQ(history("often").size(), 60U);
  pass(seconds{11});
  EXPECT_EQ(history("often").size(), 70U);
}

TEST_F(engine_room, the_clock_jumping_forward_counts_as_downtime) {
  auto& job = add_job("hourly", "0 0 * * * *");
  job.catchup = catchup_policy::latest;
  begin();
  pass(seconds{1});
  step_clock(hours{5});
  pass(seconds{2});
  auto all = history("hourly");
  ASSERT_EQ(all.size(), 2U);
  // The latest of those that passed unseen, and 13:00, which is a second old.
  EXPECT_EQ(all[0].run->trigger, trigger::catch_up);
  EXPECT_EQ(all[1].run->trigger, trigger::schedule);
  EXPECT_EQ(fates("hourly")[tick_fate::fired]
                + fates("hourly")[tick_fate::coalesced],
            5U);
}

TEST_F(engine_room, halting_interrupts_after_the_grace_and_gives_back) {
  add_job("slow", "");
  executor_.held_jobs["slow"] = true;
  begin();
  auto id = enqueue("slow").id;
  caf::anon_send(supervisor_, atom::halt_v);
  pass(options_.stop_grace - milliseconds{1});
  EXPECT_TRUE(executor_.stopped.empty());
  pass(milliseconds{1});
  ASSERT_EQ(executor_.stopped.size(), 1U);
  EXPECT_EQ(executor_.stopped[0].second, stop_reason::shutdown);
  auto seen = store_->find_run(id);
  EXPECT_EQ(seen->state, run_state::available);
  EXPECT_EQ(seen->attempts.at(0).outcome.kind, outcome_kind::interrupted);
  EXPECT_EQ(seen->failures, 0U);
}

TEST_F(engine_room, draining_finishes_what_runs_and_takes_nothing_new) {
  add_job("often", "* * * * * *");
  add_job("slow", "");
  executor_.held_jobs["slow"] = true;
  begin();
  auto id = enqueue("slow").id;
  caf::anon_send(supervisor_, atom::drain_v);
  pass(seconds{5});
  EXPECT_TRUE(history("often").empty());
  executor_.end(id, {});
  pass(seconds{1});
  EXPECT_EQ(store_->find_run(id)->state, run_state::completed);
  enqueue("slow");
  EXPECT_EQ(executor_.started.size(), 1U);
  const auto refused = toggle("often", false);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, errc::unavailable);
  EXPECT_NE(refused.error().message.find("draining"), std::string::npos);
}

TEST_F(engine_room, a_reload_adds_changes_and_removes_jobs) {
  add_job("gone", "* * * * * *");
  add_job("changed", "0 0 * * * *");
  begin();
  pass(minutes{1});
  config_.jobs.clear();
  add_job("changed", "0 * * * * *");
  add_job("fresh", "* * * * * *");
  caf::anon_send(supervisor_, atom::reload_v,
                 config_ptr{std::make_shared<const configuration>(config_)});
  pass(minutes{2});
  EXPECT_EQ(history("gone").size(), 60U);
  EXPECT_EQ(history("changed").size(), 2U);
  EXPECT_EQ(history("fresh").size(), 120U);
  auto cursors = store_->cursors();
  ASSERT_TRUE(cursors);
  EXPECT_EQ(cursors->size(), 2U);
}

TEST_F(engine_room, a_feed_gets_every_completion_once_even_when_it_is_slow) {
  add_job("often", "* * * * * *");
  begin();
  auto feed = feeds_->subscribe(0);
  pass(minutes{30});
  std::uint64_t expected = 0;
  for (auto fresh = feed->next(milliseconds{0}); fresh && !fresh->empty();
       fresh = feed->next(milliseconds{0}))
    for (const auto& one : *fresh)
      EXPECT_EQ(one.sequence, ++expected);
  EXPECT_EQ(expected, 1'800U);
  pass(seconds{3});
  auto fresh = feed->next(milliseconds{0});
  ASSERT_TRUE(fresh);
  EXPECT_EQ(fresh->size(), 3U);
}

TEST_F(engine_room, an_attempts_log_is_kept_with_it) {
  add_job("talks", "");
  executor_.held_jobs["talks"] = true;
  begin();
  auto id = enqueue("talks").id;
  executor_.held.at(id).log(log_level::info, "hello");
  executor_.held.at(id).progress(0.5, "half");
  auto seen = board_->look(id);
  ASSERT_TRUE(seen);
  EXPECT_EQ(seen->fraction, 0.5);
  executor_.end(id, {});
  pass(milliseconds{0});
  EXPECT_FALSE(board_->look(id));
  EXPECT_EQ(store_->read_log(id, 1),
            "2027-01-15T08:00:00.000Z info    hello\n");
}

TEST_F(engine_room, a_job_says_how_much_of_a_log_is_kept) {
  add_job("small", "").limits.output = 64 << 10;
  add_job("usual", "");
  add_job("large", "").limits.output = 4 << 20;
  for (const char* job : {"small", "usual", "large"})
    executor_.held_jobs[job] = true;
  begin();
  auto kept_of = [this](const char* job) {
    const auto id = enqueue(job).id;
    const auto hears = executor_.held.at(id).log;
    for (int i = 0; i < 5'000; ++i)
      hears(log_level::info, std::string(1'000, 'x'));
    executor_.end(id, {});
    pass(milliseconds{0});
    return store_->read_log(id, 1).value_or("");
  };
  EXPECT_GT(kept_of("small").size(), 32U << 10U);
  EXPECT_LE(kept_of("small").size(), 64U << 10U);
  EXPECT_TRUE(kept_of("small").starts_with("("));
  EXPECT_LE(kept_of("usual").size(), 1U << 20U);
  EXPECT_GT(kept_of("large").size(), 2U << 20U);
  EXPECT_LE(kept_of("large").size(), 4U << 20U);
  config_.jobs[0].limits.output = 128 << 10;
  caf::anon_send(supervisor_, atom::reload_v,
                 config_ptr{std::make_shared<const configuration>(config_)});
  pass(milliseconds{0});
  EXPECT_GT(kept_of("small").size(), 64U << 10U) << "after a reload";
}

} // namespace
} // namespace jobq
