#include "jobs/retry.hpp"

#include <gtest/gtest.h>

namespace jobq {
namespace {

const run_id id = run_id::of_tick("a", time_point{});

backoff plain(backoff_type type, double factor = 2) {
  return {type, seconds{10}, factor, std::chrono::hours{1}, 0};
}

TEST(next_retry, follows_each_formula) {
  EXPECT_EQ(next_retry(plain(backoff_type::fixed), 3, id), seconds{10});
  EXPECT_EQ(next_retry(plain(backoff_type::linear), 3, id), seconds{30});
  EXPECT_EQ(next_retry(plain(backoff_type::exponential), 3, id), seconds{40});
  EXPECT_EQ(next_retry(plain(backoff_type::polynomial), 3, id), seconds{90});
}

TEST(next_retry, never_exceeds_the_maximum) {
  auto policy = plain(backoff_type::exponential, 10);
  policy.jitter = 1;
  for (std::uint32_t failures = 1; failures < 2'000; failures += 7)
    EXPECT_LE(next_retry(policy, failures, id), policy.max);
}

TEST(next_retry, spreads_by_jitter_and_is_the_same_every_time) {
  auto policy = plain(backoff_type::fixed);
  policy.jitter = 0.5;
  auto lowest = milliseconds::max();
  auto highest = milliseconds::min();
  for (int i = 0; i < 500; ++i) {
    auto other = run_id::of_tick("job" + std::to_string(i), time_point{});
    auto wait = next_retry(policy, 1, other);
    EXPECT_EQ(wait, next_retry(policy, 1, other));
    lowest = std::min(lowest, wait);
    highest = std::max(highest, wait);
  }
  EXPECT_GE(lowest, seconds{5});
  EXPECT_LT(lowest, milliseconds{5'500});
  EXPECT_LE(highest, seconds{15});
  EXPECT_GT(highest, milliseconds{14'500});
}

} // namespace
} // namespace jobq
