#include "queue/committer.hpp"

#include <future>
#include <mutex>

#include <gtest/gtest.h>

#include "tests/queue/committer_harness.hpp"

namespace jobq::test {
namespace {

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

TEST(committer, says_which_runs_a_claim_passed_over_though_it_brought_none) {
  fake_store store;
  store.unread.push_back({errc::io, "a bad sector"});
  answers claims;
  auto queue = make_committer(store);
  queue->claim_for(claims.claim());
  queue->want(1);
  claims.wait_for(1);
  ASSERT_TRUE(claims.all[0]);
  EXPECT_TRUE(claims.all[0]->runs.empty());
  EXPECT_EQ(claims.all[0]->unread.size(), 1U);
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

} // namespace
} // namespace jobq::test
