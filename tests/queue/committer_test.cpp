#include "queue/committer.hpp"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <functional>
#include <future>
#include <mutex>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

#include <gtest/gtest.h>

namespace jobq::test {
namespace {

/// Answers every command with its position in the order of arrival, and can be
/// made to fail, throw, or wait in a sync commit. What is enqueued is there for
/// claims.
class fake_store final : public store {
public:
  result<commit_report> apply(std::span<any_command> batch,
                              durability how) override {
    std::unique_lock lock{mutex};
    batches.push_back({batch.size(), how});
    changed.notify_all();
    if (throws)
      throw std::runtime_error{"boom"};
    if (fails)
      return fail(errc::store_failed, "the disk is gone");
    commit_report report;
    for (const auto& command : batch) {
      reply one;
      one.count = ++applied;
      if (const auto* fresh = std::get_if<command::enqueue>(&command))
        available += fresh->runs.size();
      const auto* claim = std::get_if<command::claim>(&command);
      if (claim != nullptr && claim_fails)
        report.replies.emplace_back(
            fail(errc::store_corrupt, "a damaged record"));
      else if (claim != nullptr)
        report.replies.emplace_back(carry_out(*claim, one));
      else
        report.replies.emplace_back(one);
    }
    report.number = batches.size();
    report.claimable = available > 0;
    report.next_due = time_point{seconds{9}};
    return report;
  }

  result<commit_report> begin(std::span<any_command> batch) override {
    {
      std::lock_guard lock{mutex};
      ++begun;
    }
    return apply(batch, durability::async);
  }

  result<std::uint64_t> persist(std::uint64_t commit, durability how) override {
    if (how == durability::async)
      return commit;
    std::unique_lock lock{mutex};
    ++syncs;
    changed.notify_all();
    changed.wait(lock, [this] { return !closed || syncs <= open_syncs; });
    if (sync_fails)
      return fail(errc::store_failed, "the disk is gone");
    return batches.size();
  }

  result<run> find_run(const run_id&) const override { return run{}; }
  result<std::vector<run>> list_runs(const run_filter&) const override {
    return {};
  }
  result<std::vector<completion>>
  list_history(const history_filter&) const override {
    return {};
  }
  result<std::vector<tick>> list_ticks(const tick_filter&) const override {
    return {};
  }
  result<std::vector<job_cursor>> cursors() const override { return {}; }
  result<std::vector<job_switch>> switches() const override { return {}; }
  result<std::string> read_log(const run_id&, std::uint32_t) const override {
    return {};
  }
  result<std::vector<job_statistics>> statistics_by_job() const override {
    return {};
  }
  result<store_statistics> statistics() const override { return {}; }

  reply carry_out(const command::claim& what, reply one) {
    claims.push_back(what);
    one.runs.resize(std::min<std::size_t>(what.limit, available));
    available -= one.runs.size();
    return one;
  }

  struct seen_batch {
    std::size_t size;
    durability how;
  };

  void gate(bool shut) {
    {
      std::lock_guard lock{mutex};
      closed = shut;
    }
    changed.notify_all();
  }
  void wait_for_syncs(int count) {
    std::unique_lock lock{mutex};
    changed.wait(lock, [&] { return syncs >= count; });
  }
  void wait_for_batches(std::size_t count) {
    std::unique_lock lock{mutex};
    changed.wait(lock, [&] { return batches.size() >= count; });
  }

  std::mutex mutex;
  std::condition_variable changed;
  std::vector<seen_batch> batches;
  std::uint64_t applied = 0;
  std::size_t available = 0;
  std::vector<command::claim> claims;
  bool claim_fails = false;
  bool closed = false;
  bool fails = false;
  bool throws = false;
  bool sync_fails = false;
  int syncs = 0;
  int begun = 0;
  int open_syncs = 0; ///< so many pass a closed gate
};

/// Collects answers in order.
struct answers {
  commit_callback collect() {
    return [this](result<reply> one) {
      std::lock_guard lock{mutex};
      all.push_back(std::move(one));
      changed.notify_all();
    };
  }
  /// Has what is claimed collected too.
  claimer claim(time_point now = {}) {
    return {"me", [now] { return now; }, collect()};
  }
  void wait_for(std::size_t count) {
    std::unique_lock lock{mutex};
    changed.wait(lock, [&] { return all.size() >= count; });
  }

  std::mutex mutex;
  std::condition_variable changed;
  std::vector<result<reply>> all;
};

command::enqueue new_runs(std::size_t count) {
  command::enqueue what;
  what.runs.resize(count);
  return what;
}

/// What a command came to.
result<reply> perform(commit_queue& queue, any_command what) {
  answers got;
  queue.submit(std::move(what), got.collect());
  got.wait_for(1);
  std::lock_guard lock{got.mutex};
  return got.all[0];
}

/// Has all of it wait together: holds the committer in the answer to a command
/// before it meanwhile.
template <class Submit>
void hold_and_submit(commit_queue& queue, Submit submit) {
  std::promise<void> rest;
  std::promise<void> held;
  queue.submit(command::cancel{},
               [&held, all_there = rest.get_future().share()](result<reply>) {
                 held.set_value();
                 all_there.wait();
               });
  held.get_future().wait();
  submit();
  rest.set_value();
}

TEST(committer, answers_in_the_order_of_submission) {
  fake_store store;
  answers got;
  {
    auto queue = make_committer(store);
    for (int i = 0; i < 1'000; ++i)
      queue->submit(command::promote{}, got.collect());
    got.wait_for(1'000);
  }
  for (std::size_t i = 0; i < got.all.size(); ++i)
    ASSERT_EQ(got.all[i]->count, i + 1);
}

TEST(committer, commits_what_waits_together) {
  fake_store store;
  answers got;
  auto queue = make_committer(store);
  store.gate(true);
  queue->submit(command::cancel{}, got.collect());
  store.wait_for_syncs(1);
  for (int i = 0; i < 20; ++i)
    queue->submit(command::cancel{}, got.collect());
  store.gate(false);
  got.wait_for(21);
  ASSERT_EQ(store.batches.size(), 2U);
  EXPECT_EQ(store.batches[1].size, 20U);
  EXPECT_EQ(store.syncs, 2);
}

using words = std::vector<std::string>;

/// Has a number of pieces of work to do, and notes what is asked of it.
class noted_follow_up final : public follow_up {
public:
  explicit noted_follow_up(int pieces) : pieces_{pieces} {}

  void begin() override { note("begin"); }
  bool work() override {
    note("work");
    if (const auto call = std::exchange(meanwhile, {}))
      call();
    return --pieces_ >= 0;
  }
  void end() override { note("end"); }

  void note(std::string what) {
    std::lock_guard lock{mutex_};
    seen_.push_back(std::move(what));
    threads_.insert(std::this_thread::get_id());
    changed_.notify_all();
  }
  words wait_for_end() {
    std::unique_lock lock{mutex_};
    changed_.wait(lock,
                  [&] { return !seen_.empty() && seen_.back() == "end"; });
    return std::exchange(seen_, {});
  }
  words seen() {
    std::lock_guard lock{mutex_};
    return seen_;
  }
  std::set<std::thread::id> threads() {
    std::lock_guard lock{mutex_};
    return threads_;
  }

  std::function<void()> meanwhile; ///< the first piece

private:
  int pieces_; ///< of the committer's thread
  std::mutex mutex_;
  std::condition_variable changed_;
  words seen_;
  std::set<std::thread::id> threads_;
};

TEST(committer, follows_up_what_it_answered_until_nothing_is_left) {
  fake_store store;
  auto queue = make_committer(store);
  const auto work = std::make_shared<noted_follow_up>(2);
  queue->follow_up_with(work);
  queue->submit(command::cancel{},
                [&](const result<reply>&) { work->note("answered"); });
  EXPECT_EQ(work->wait_for_end(),
            (words{"begin", "answered", "work", "work", "work", "end"}));
  EXPECT_EQ(work->threads().size(), 1U);
  EXPECT_FALSE(work->threads().contains(std::this_thread::get_id()));
}

TEST(committer, follows_nothing_up_while_something_is_to_be_committed) {
  fake_store store;
  auto queue = make_committer(store);
  const auto work = std::make_shared<noted_follow_up>(1'000);
  std::promise<void> second;
  work->meanwhile = [&] {
    queue->submit(command::cancel{}, [&](const result<reply>&) {
      work->note("answered");
      second.set_value();
    });
  };
  queue->follow_up_with(work);
  queue->submit(command::cancel{}, {});
  second.get_future().wait();
  const auto seen = work->wait_for_end();
  ASSERT_GE(seen.size(), 5U);
  EXPECT_EQ(words(seen.begin(), seen.begin() + 5),
            (words{"begin", "work", "end", "begin", "answered"}));
}

TEST(committer, leaves_what_follows_from_many_runs_to_others) {
  fake_store store;
  auto queue = make_committer(store);
  const auto work = std::make_shared<noted_follow_up>(0);
  queue->follow_up_with(work);
  ASSERT_TRUE(perform(*queue, new_runs(100)));
  queue->follow_up_with({});
  EXPECT_TRUE(work->threads().empty());
}

/// Holds the committer's thread in the first piece of what it follows up.
struct held_follow_up {
  explicit held_follow_up(commit_queue& queue) {
    work->meanwhile = [this] {
      at_it.set_value();
      go_on.get_future().wait();
    };
    queue.follow_up_with(work);
    queue.submit(command::cancel{}, {});
    at_it.get_future().wait();
  }

  const std::shared_ptr<noted_follow_up> work
      = std::make_shared<noted_follow_up>(1);
  std::promise<void> at_it;
  std::promise<void> go_on;
};

TEST(committer, is_done_with_following_up_when_told_to_leave_it) {
  fake_store store;
  auto queue = make_committer(store);
  held_follow_up held{*queue};
  auto left = std::async(std::launch::async, [&] {
    queue->follow_up_with({});
    return held.work->seen();
  });
  EXPECT_EQ(left.wait_for(milliseconds{20}), std::future_status::timeout);
  held.go_on.set_value();
  EXPECT_EQ(left.get(), (words{"begin", "work", "work", "end"}));
  ASSERT_TRUE(perform(*queue, command::cancel{}));
}

TEST(committer, lets_a_caller_commit_while_it_follows_up) {
  fake_store store;
  auto queue = make_committer(store);
  held_follow_up held{*queue};
  std::thread::id answering;
  queue->carry_out(
      command::cancel{},
      [&](const result<reply>&) { answering = std::this_thread::get_id(); },
      {});
  EXPECT_EQ(answering, std::this_thread::get_id());
  held.go_on.set_value();
}

TEST(committer, says_where_nobody_may_wait_for_it) {
  fake_store store;
  auto queue = make_committer(store);
  for (const auto runs :
       {std::size_t{1}, std::size_t{100}}) { // by either of its threads
    std::promise<bool> said;
    queue->submit(new_runs(runs), [&](const result<reply>&) {
      said.set_value(may_wait_for_commits());
    });
    EXPECT_FALSE(said.get_future().get());
  }
  queue->carry_out(
      command::cancel{},
      [](const result<reply>&) { EXPECT_FALSE(may_wait_for_commits()); }, {});
  EXPECT_TRUE(may_wait_for_commits());
}

TEST(committer, returns_to_who_waits_whatever_his_callback_does) {
  fake_store store;
  auto queue = make_committer(store);
  queue->carry_out(command::cancel{}, {}, {});
  queue->carry_out(
      command::cancel{},
      [](const result<reply>&) { throw std::runtime_error{"boom"}; }, {});
  EXPECT_EQ(store.syncs, 2);
}

TEST(committer, has_who_waits_carry_out_a_small_command_himself) {
  fake_store store;
  auto queue = make_committer(store);
  std::thread::id answering;
  bool first = false;
  queue->carry_out(
      command::cancel{},
      [&](const result<reply>& came) {
        EXPECT_TRUE(came);
        answering = std::this_thread::get_id();
      },
      [&] { first = answering == std::thread::id{}; });
  EXPECT_EQ(answering, std::this_thread::get_id());
  EXPECT_FALSE(first) << "nothing was left to wait for";
  EXPECT_EQ(store.syncs, 1);
}

TEST(committer, carries_out_a_large_command_beside_who_waits) {
  fake_store store;
  store.closed = true;
  auto queue = make_committer(store);
  std::thread::id answering;
  queue->carry_out(
      new_runs(1'000),
      [&](const result<reply>& came) {
        EXPECT_TRUE(came);
        answering = std::this_thread::get_id();
      },
      [&] {
        store.wait_for_syncs(1);
        store.gate(false);
      });
  EXPECT_NE(answering, std::this_thread::get_id());
  EXPECT_NE(answering, std::thread::id{});
}

TEST(committer, takes_over_what_came_while_a_caller_was_at_work) {
  fake_store store;
  answers got;
  auto queue = make_committer(store);
  store.gate(true);
  std::thread caller{
      [&] { queue->carry_out(command::cancel{}, got.collect(), {}); }};
  store.wait_for_syncs(1);
  for (int i = 0; i < 20; ++i)
    queue->submit(command::cancel{}, got.collect());
  store.gate(false);
  caller.join();
  got.wait_for(21);
  for (std::size_t i = 0; i < got.all.size(); ++i)
    ASSERT_EQ(got.all[i]->count, i + 1);
  ASSERT_EQ(store.batches.size(), 2U);
  EXPECT_EQ(store.batches[1].size, 20U);
}

TEST(committer, claims_for_others_in_the_commit_of_who_waits) {
  fake_store store;
  answers claims;
  auto queue = make_committer(store);
  queue->claim_for(claims.claim());
  queue->want(3);
  perform(*queue, command::cancel{}); // nothing to claim so far
  queue->carry_out(new_runs(2), [](const result<reply>&) {}, {});
  claims.wait_for(1);
  EXPECT_EQ(claims.all[0]->runs.size(), 2U);
  EXPECT_EQ(store.batches.back().size, 2U);
}

TEST(committer, does_not_keep_who_waits_to_follow_up) {
  fake_store store;
  auto queue = make_committer(store);
  const auto work = std::make_shared<noted_follow_up>(1);
  queue->follow_up_with(work);
  queue->carry_out(command::cancel{}, [](const result<reply>&) {}, {});
  EXPECT_TRUE(work->threads().empty());
}

TEST(committer, waits_for_the_answer_also_when_what_is_done_meanwhile_throws) {
  fake_store store;
  auto queue = make_committer(store);
  bool answered = false;
  EXPECT_THROW(queue->carry_out(
                   command::cancel{},
                   [&](const result<reply>&) { answered = true; },
                   [] { throw std::runtime_error{"boom"}; }),
               std::runtime_error);
  EXPECT_TRUE(answered);
}

TEST(committer, refuses_who_waits_like_anybody_beyond_its_bounds) {
  fake_store store;
  auto queue = make_committer(store, {10, 1 << 20});
  store.gate(true);
  answers got;
  queue->submit(new_runs(10), got.collect());
  store.wait_for_syncs(1);
  queue->carry_out(new_runs(1), got.collect(), {});
  EXPECT_EQ(got.all[0].error().code, errc::busy);
  store.gate(false);
  got.wait_for(2);
}

TEST(committer, serves_callers_that_wait_and_that_do_not_at_once) {
  fake_store store;
  answers got;
  {
    auto queue = make_committer(store);
    std::vector<std::thread> callers;
    for (int caller = 0; caller < 4; ++caller)
      callers.emplace_back([&] {
        for (int i = 0; i < 250; ++i) {
          queue->carry_out(command::cancel{}, got.collect(), {});
          queue->submit(command::cancel{}, got.collect());
        }
      });
    for (auto& one : callers)
      one.join();
  }
  ASSERT_EQ(got.all.size(), 2'000U);
  for (std::size_t i = 0; i < got.all.size(); ++i)
    ASSERT_EQ(got.all[i]->count, i + 1) << "in the order of commits";
}

TEST(committer, bounds_a_batch_in_bytes) {
  fake_store store;
  answers got;
  auto queue = make_committer(store);
  store.gate(true);
  store.open_syncs = 1;
  hold_and_submit(*queue, [&] {
    const auto large = finish_of({}, {}, std::string(400 << 10, 'x'));
    for (int i = 0; i < 8; ++i)
      queue->submit(large, got.collect());
  });
  store.wait_for_batches(5);
  {
    std::lock_guard lock{store.mutex};
    std::vector<std::size_t> sizes;
    for (const auto& one : store.batches)
      sizes.push_back(one.size);
    EXPECT_EQ(sizes, (std::vector<std::size_t>{1, 1, 3, 3, 1}));
  }
  store.gate(false);
  got.wait_for(8);
}

TEST(committer, claims_in_the_commit_that_makes_runs_available) {
  fake_store store;
  answers claims;
  auto queue = make_committer(store);
  queue->claim_for(claims.claim(time_point{seconds{7}}));
  queue->want(3);
  queue->want(2);
  ASSERT_TRUE(perform(*queue, new_runs(4)));
  claims.wait_for(1);
  EXPECT_EQ(claims.all[0]->runs.size(), 4U);
  ASSERT_TRUE(perform(*queue, new_runs(4)));
  claims.wait_for(2);
  EXPECT_EQ(claims.all[1]->runs.size(), 1U) << "five were wanted";
  std::lock_guard lock{store.mutex};
  EXPECT_EQ(store.claims.back().owner, "me");
  EXPECT_EQ(store.claims.back().now, time_point{seconds{7}});
  EXPECT_EQ(store.batches.back().size, 2U);
  EXPECT_EQ(store.syncs, 2);
}

TEST(committer, claims_what_is_there_when_it_is_wanted_and_needs_no_sync) {
  fake_store store;
  answers claims;
  auto queue = make_committer(store);
  queue->claim_for(claims.claim());
  ASSERT_TRUE(perform(*queue, new_runs(3)));
  queue->want(2);
  claims.wait_for(1);
  EXPECT_EQ(claims.all[0]->runs.size(), 2U);
  EXPECT_EQ(store.syncs, 1);
}

TEST(committer, claims_at_most_so_many_at_once_and_goes_on) {
  fake_store store;
  answers claims;
  auto queue = make_committer(store);
  queue->claim_for(claims.claim());
  ASSERT_TRUE(perform(*queue, new_runs(5'000)));
  queue->want(6'000);
  claims.wait_for(3);
  EXPECT_EQ(claims.all[0]->runs.size(), 2'000U);
  EXPECT_EQ(claims.all[1]->runs.size(), 2'000U);
  EXPECT_EQ(claims.all[2]->runs.size(), 1'000U);
}

TEST(committer, claims_nothing_more_once_it_has_said_so) {
  fake_store store;
  answers claims;
  answers ends;
  auto queue = make_committer(store);
  queue->claim_for(claims.claim());
  queue->want(10);
  perform(*queue, new_runs(1));
  queue->stop_claiming([&](const result<reply>& came) {
    EXPECT_EQ(claims.all.size(), 1U) << "the last one comes before";
    ends.collect()(came);
  });
  ends.wait_for(1);
  queue->want(10);
  perform(*queue, new_runs(1));
  perform(*queue, command::cancel{});
  EXPECT_EQ(claims.all.size(), 1U);
}

TEST(committer, says_why_it_claims_nothing_more) {
  fake_store store;
  store.claim_fails = true;
  answers claims;
  auto queue = make_committer(store);
  queue->claim_for(claims.claim());
  queue->want(10);
  EXPECT_TRUE(perform(*queue, new_runs(1))) << "that is not its fault";
  claims.wait_for(1);
  EXPECT_EQ(claims.all[0].error().code, errc::store_corrupt);
  EXPECT_TRUE(perform(*queue, new_runs(1)));
  EXPECT_TRUE(perform(*queue, command::cancel{}));
  EXPECT_EQ(claims.all.size(), 1U);
}

TEST(committer, its_word_that_it_claims_no_more_does_not_wait_for_the_rest) {
  fake_store store;
  answers ends;
  answers others;
  auto queue = make_committer(store);
  hold_and_submit(*queue, [&] {
    for (int i = 0; i < 5; ++i)
      queue->submit(command::cancel{}, others.collect());
    queue->stop_claiming(ends.collect());
  });
  ends.wait_for(1);
  others.wait_for(5);
  EXPECT_LT(ends.all[0]->count, others.all[0]->count);
}

TEST(committer, a_new_claimer_has_what_came_past_the_committer) {
  fake_store store;
  answers claims;
  auto queue = make_committer(store);
  perform(*queue, command::cancel{}); // nothing to claim so far
  {
    std::lock_guard lock{store.mutex};
    store.available = 1;
  }
  queue->claim_for(claims.claim());
  queue->want(1);
  claims.wait_for(1);
  EXPECT_EQ(claims.all[0]->runs.size(), 1U);
}

TEST(committer, claims_go_ahead_of_what_waits) {
  fake_store store;
  answers claims;
  answers others;
  auto queue = make_committer(store);
  queue->claim_for(claims.claim());
  perform(*queue, new_runs(1));
  hold_and_submit(*queue, [&] {
    queue->submit(command::cancel{}, others.collect());
    queue->want(1);
  });
  claims.wait_for(1);
  others.wait_for(1);
  EXPECT_LT(claims.all[0]->count, others.all[0]->count);
}

TEST(committer, gives_an_idle_disk_a_small_batch_first) {
  fake_store store;
  answers got;
  auto queue = make_committer(store);
  store.gate(true);
  store.open_syncs = 1;
  hold_and_submit(*queue, [&] {
    for (int i = 0; i < 100; ++i)
      queue->submit(command::cancel{}, got.collect());
  });
  store.wait_for_batches(3);
  {
    std::lock_guard lock{store.mutex};
    EXPECT_EQ(store.batches[1].size, 32U);
    EXPECT_EQ(store.batches[2].size, 68U);
  }
  store.gate(false);
  got.wait_for(100);
}

TEST(committer, goes_on_while_the_disk_is_waited_for) {
  fake_store store;
  answers got;
  auto queue = make_committer(store);
  store.gate(true);
  store.open_syncs = 1;
  hold_and_submit(*queue, [&] {
    const auto large = finish_of({}, {}, std::string(600 << 10, 'x'));
    for (int i = 0; i < 6; ++i)
      queue->submit(large, got.collect());
  });
  store.wait_for_batches(5); // all of them, one at first, then two by two
  {
    std::lock_guard lock{got.mutex};
    EXPECT_TRUE(got.all.empty()) << "nothing is on the disk yet";
  }
  store.gate(false);
  got.wait_for(6);
  for (std::size_t i = 0; i < got.all.size(); ++i)
    EXPECT_EQ(got.all[i]->count, i + 2);
  EXPECT_LE(store.syncs, 4);
}

TEST(committer, several_at_once_are_begun_and_one_alone_is_applied) {
  fake_store store;
  answers got;
  auto queue = make_committer(store);
  queue->submit(command::cancel{}, got.collect());
  got.wait_for(1);
  EXPECT_EQ(store.begun, 0);
  store.gate(true);
  store.open_syncs = 1;
  queue->submit(command::cancel{}, got.collect());
  store.wait_for_syncs(2);
  for (int i = 0; i < 20; ++i)
    queue->submit(command::cancel{}, got.collect());
  store.gate(false);
  got.wait_for(22);
  EXPECT_EQ(store.begun, 1);
}

TEST(committer, a_claim_does_not_wait_for_the_sync_behind_it) {
  fake_store store;
  answers others;
  auto queue = make_committer(store);
  std::promise<bool> claimed;
  queue->claim_for({"me", [] { return time_point{}; },
                    [&](const result<reply>& came) {
                      claimed.set_value(came.has_value());
                    }});
  perform(*queue, new_runs(1));
  store.open_syncs = 2;
  store.gate(true);
  std::promise<void> first;
  auto first_done = first.get_future();
  std::promise<void> go;
  auto gone = go.get_future().share();
  // While its answer is given, a claim and five others gather behind it.
  queue->submit(command::cancel{}, [&, gone](result<reply>) {
    first.set_value();
    gone.wait();
  });
  first_done.wait();
  queue->want(1);
  for (int i = 0; i < 5; ++i)
    queue->submit(command::cancel{}, others.collect());
  go.set_value();
  EXPECT_TRUE(claimed.get_future().get()) << "the disk is still waited for";
  EXPECT_TRUE(others.all.empty());
  store.gate(false);
  others.wait_for(5);
}

TEST(committer, a_failed_sync_is_everyones_answer) {
  fake_store store;
  store.sync_fails = true;
  auto queue = make_committer(store);
  EXPECT_EQ(perform(*queue, command::cancel{}).error().code,
            errc::store_failed);
}

TEST(committer, a_failed_commit_is_everyones_answer) {
  fake_store store;
  answers got;
  auto queue = make_committer(store);
  store.gate(true);
  store.fails = true;
  for (int i = 0; i < 10; ++i)
    queue->submit(command::cancel{}, got.collect());
  store.gate(false);
  got.wait_for(10);
  for (const auto& one : got.all)
    EXPECT_EQ(one.error().code, errc::store_failed);
}

TEST(committer, acknowledges_no_claim_after_a_failed_sync) {
  fake_store store;
  store.sync_fails = true;
  answers claims;
  auto queue = make_committer(store);
  queue->claim_for(claims.claim());
  queue->want(1);
  perform(*queue, new_runs(1));
  claims.wait_for(1);
  ASSERT_FALSE(claims.all[0]) << "its runs may not be on the disk";
  EXPECT_EQ(claims.all[0].error().code, errc::store_failed);
}

TEST(committer, its_end_carries_out_what_callbacks_submit) {
  fake_store store;
  answers got;
  {
    auto queue = make_committer(store);
    store.gate(true);
    queue->submit(command::cancel{}, [&](result<reply>) {
      queue->submit(command::cancel{}, got.collect());
    });
    store.wait_for_syncs(1);
    store.gate(false);
  }
  EXPECT_EQ(got.all.size(), 1U);
}

TEST(committer, an_exception_is_an_answer_and_work_goes_on) {
  fake_store store;
  answers got;
  auto queue = make_committer(store);
  store.throws = true;
  queue->submit(command::cancel{}, got.collect());
  got.wait_for(1);
  EXPECT_EQ(got.all[0].error().code, errc::internal);
  store.throws = false;
  queue->submit(command::cancel{},
                [](auto) { throw std::runtime_error{"in a callback"}; });
  queue->submit(command::cancel{}, got.collect());
  got.wait_for(2);
  EXPECT_TRUE(got.all[1]);
}

TEST(committer, its_end_carries_out_what_was_submitted) {
  fake_store store;
  answers got;
  {
    auto queue = make_committer(store);
    for (int i = 0; i < 500; ++i)
      queue->submit(command::cancel{}, got.collect());
  }
  EXPECT_EQ(got.all.size(), 500U);
}

TEST(committer, the_pulse_follows_each_commit) {
  fake_store store;
  std::promise<pulse> heard;
  auto queue = make_committer(store);
  queue->on_pulse([&, once = false](const pulse& now) mutable {
    if (!std::exchange(once, true))
      heard.set_value(now);
  });
  queue->submit(command::cancel{}, {});
  auto now = heard.get_future().get();
  EXPECT_EQ(now.next_due, time_point{seconds{9}});
  queue->on_pulse({});
}

TEST(committer, many_threads_are_each_answered_once) {
  fake_store store;
  std::atomic<int> count = 0;
  std::size_t claimed = 0;
  std::promise<void> all_claimed;
  {
    auto queue = make_committer(store);
    queue->claim_for({"me", [] { return time_point{}; },
                      [&](const result<reply>& came) {
                        claimed += came->runs.size();
                        if (claimed == 500)
                          all_claimed.set_value();
                      }});
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t)
      threads.emplace_back([&, t] {
        for (int i = 0; i < 500; ++i) {
          if (t == 0)
            queue->want(1);
          queue->submit(new_runs(1), [&](auto) { ++count; });
        }
      });
    for (auto& one : threads)
      one.join();
    all_claimed.get_future().wait();
  }
  EXPECT_EQ(count, 2'000);
  EXPECT_EQ(claimed, 500U);
}

TEST(immediate_committer, has_answered_when_submit_returns) {
  fake_store store;
  answers got;
  auto queue = make_immediate_committer(store);
  queue->submit(command::cancel{}, got.collect());
  EXPECT_EQ(got.all.size(), 1U);
  queue->claim_for(got.claim());
  queue->submit(new_runs(2), got.collect());
  queue->want(1);
  ASSERT_EQ(got.all.size(), 3U);
  EXPECT_EQ(got.all[2]->runs.size(), 1U);
  EXPECT_EQ(store.batches[2].how, durability::async);
  queue->want(2);
  EXPECT_EQ(got.all[3]->runs.size(), 1U);
  queue->submit(new_runs(3), got.collect());
  ASSERT_EQ(got.all.size(), 6U) << "one was still wanted";
  EXPECT_EQ(got.all[5]->runs.size(), 1U);
  queue->stop_claiming(got.collect());
  queue->want(1);
  EXPECT_EQ(got.all.size(), 7U);
}

TEST(immediate_committer, a_callbacks_command_comes_after_the_callback) {
  fake_store store;
  std::vector<int> order;
  auto queue = make_immediate_committer(store);
  queue->submit(command::cancel{}, [&](auto) {
    queue->submit(command::cancel{}, [&](auto) { order.push_back(2); });
    order.push_back(1);
  });
  EXPECT_EQ(order, (std::vector{1, 2}));
}

TEST(committer, refuses_new_work_beyond_its_bounds_and_takes_it_later) {
  fake_store store;
  store.gate(true);
  auto queue = make_committer(store, {10, 1 << 20});
  std::promise<void> first;
  queue->submit(new_runs(10), [&](const result<reply>&) { first.set_value(); });
  store.wait_for_syncs(1);
  result<reply> refused;
  queue->submit(new_runs(1),
                [&](result<reply> came) { refused = std::move(came); });
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, errc::busy);
  EXPECT_NE(refused.error().message.find("try again in"), std::string::npos);
  std::promise<bool> ended;
  queue->submit(command::finish{}, [&](const result<reply>& came) {
    ended.set_value(came.has_value());
  });
  store.gate(false);
  first.get_future().wait();
  EXPECT_TRUE(ended.get_future().get()) << "what ends work is never refused";
  std::promise<bool> later;
  queue->submit(new_runs(10), [&](const result<reply>& came) {
    later.set_value(came.has_value());
  });
  EXPECT_TRUE(later.get_future().get());
}

TEST(committer, takes_one_that_is_larger_than_the_bounds_when_it_is_alone) {
  fake_store store;
  auto queue = make_committer(store, {10, 1 << 20});
  std::promise<bool> done;
  queue->submit(new_runs(1'000), [&](const result<reply>& came) {
    done.set_value(came.has_value());
  });
  EXPECT_TRUE(done.get_future().get());
}

} // namespace
} // namespace jobq::test
