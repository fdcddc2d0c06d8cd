#include "queue/committer.hpp"

#include <future>
#include <stdexcept>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "tests/queue/committer_harness.hpp"

namespace jobq::test {
namespace {

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

} // namespace
} // namespace jobq::test
