#include "jobs/shared.hpp"

#include <map>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace jobq {
namespace {

using numbers = shared<std::vector<int>>;
using words = shared<std::map<std::string, std::string>>;

TEST(shared, is_empty_at_first) {
  const numbers none;
  EXPECT_TRUE(none.empty());
  EXPECT_EQ(none.begin(), none.end());
  EXPECT_EQ(none, numbers{});
}

TEST(shared, copies_share_until_one_is_changed) {
  numbers first{1, 2};
  numbers second = first;
  EXPECT_EQ(&first.get(), &second.get());
  second.edit().push_back(3);
  EXPECT_EQ(first.size(), 2U);
  EXPECT_EQ(second.size(), 3U);
  EXPECT_EQ(second.back(), 3);
  EXPECT_NE(first, second);
}

TEST(shared, what_nobody_shares_is_changed_in_place) {
  numbers only{1, 2};
  const auto* before = &only.get();
  only.edit().push_back(3);
  EXPECT_EQ(&only.get(), before);
}

TEST(shared, an_assignment_lets_go_of_what_was_there) {
  words first{{"a", "1"}};
  auto second = first;
  first = {{"b", "2"}};
  EXPECT_EQ(second.at("a"), "1");
  first["c"] = "3";
  EXPECT_EQ(first.size(), 2U);
  first = second;
  EXPECT_EQ(first, second);
  const words moved = std::move(second);
  EXPECT_EQ(moved.at("a"), "1");
}

TEST(shared, equal_values_need_not_share) {
  EXPECT_EQ((words{{"a", "1"}}), (words{{"a", "1"}}));
}

TEST(shared, copies_are_used_by_several_threads) {
  const numbers origin{1, 2, 3};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([copy = origin, i]() mutable {
      for (int n = 0; n < 1'000; ++n) {
        auto mine = copy;
        mine.edit().push_back(i);
        copy = mine;
        copy.edit().pop_back();
      }
      EXPECT_EQ(copy.size(), 3U);
    });
  for (auto& each : threads)
    each.join();
  EXPECT_EQ(origin.size(), 3U);
}

} // namespace
} // namespace jobq
