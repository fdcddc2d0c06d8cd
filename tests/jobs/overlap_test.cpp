#include "jobs/overlap.hpp"

#include <gtest/gtest.h>

namespace jobq {
namespace {

TEST(decide_overlap, lets_every_policy_through_when_nothing_is_unfinished) {
  for (const auto& [policy, _] : overlap_policy_words)
    EXPECT_EQ(decide_overlap(policy, {}), overlap_verdict{});
}

TEST(decide_overlap, skip_drops_and_says_what_was_in_the_way) {
  auto running = decide_overlap(overlap_policy::skip, {1, 0});
  EXPECT_FALSE(running.enqueue);
  EXPECT_EQ(running.reason, "the previous run was still running");
  auto waiting = decide_overlap(overlap_policy::skip, {0, 1});
  EXPECT_FALSE(waiting.enqueue);
  EXPECT_EQ(waiting.reason, "the previous run had not started yet");
}

TEST(decide_overlap, buffer_one_keeps_one_waiting) {
  EXPECT_TRUE(decide_overlap(overlap_policy::buffer_one, {1, 0}).enqueue);
  EXPECT_FALSE(decide_overlap(overlap_policy::buffer_one, {1, 1}).enqueue);
}

TEST(decide_overlap, buffer_all_keeps_a_thousand_waiting) {
  EXPECT_TRUE(decide_overlap(overlap_policy::buffer_all, {1, 999}).enqueue);
  EXPECT_FALSE(decide_overlap(overlap_policy::buffer_all, {1, 1000}).enqueue);
}

TEST(decide_overlap, replacing_policies_drop_waiting_and_stop_running) {
  auto cancel = decide_overlap(overlap_policy::cancel_other, {1, 2});
  EXPECT_TRUE(cancel.enqueue && cancel.drop_waiting && cancel.cancel_running);
  EXPECT_FALSE(cancel.terminate_running);
  auto kill = decide_overlap(overlap_policy::terminate_other, {1, 0});
  EXPECT_TRUE(kill.enqueue && kill.drop_waiting && kill.terminate_running);
  EXPECT_FALSE(kill.cancel_running);
}

TEST(decide_overlap, allow_all_changes_nothing) {
  EXPECT_EQ(decide_overlap(overlap_policy::allow_all, {5, 5}),
            overlap_verdict{});
}

} // namespace
} // namespace jobq
