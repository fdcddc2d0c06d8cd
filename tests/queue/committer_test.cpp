#include "queue/committer.hpp"

#include <atomic>
#include <future>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "tests/queue/committer_harness.hpp"

namespace jobq::test {
namespace {

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
