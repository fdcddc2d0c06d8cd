#include "jobs/run_id.hpp"

#include <algorithm>
#include <chrono>
#include <functional>
#include <set>
#include <string>
#include <thread>
#include <unordered_set>
#include <vector>

#include <gtest/gtest.h>

namespace jobq {

namespace {

using std::chrono::minutes;

time_point instant(std::string_view text) {
  return parse_rfc3339(text).value();
}

} // namespace

TEST(run_id, of_a_tick_is_the_same_for_ever) {
  const auto at = instant("2027-03-28T01:00:00Z");
  const auto id = run_id::of_tick("nightly", at);
  EXPECT_EQ(id, run_id::of_tick("nightly", at));
  EXPECT_NE(id, run_id::of_tick("nightlz", at));
  EXPECT_NE(id, run_id::of_tick("nightly", at + seconds{1}));
  EXPECT_EQ(id.time(), at);
  // Stored ids depend on this very text.
  EXPECT_EQ(id.to_string(), "01mj4tbam0p2wvhx46h6sds9kz");
}

TEST(run_id, of_ticks_at_one_moment_are_in_the_same_order_of_jobs_at_each) {
  std::vector<std::string> jobs;
  for (int job = 0; job < 100; ++job)
    jobs.push_back("job" + std::to_string(job));
  const auto sorted_at = [&](time_point at) {
    auto sorted = jobs;
    std::sort(sorted.begin(), sorted.end(), [at](auto& a, auto& b) {
      return run_id::of_tick(a, at) < run_id::of_tick(b, at);
    });
    return sorted;
  };
  const auto order = sorted_at({});
  EXPECT_NE(order, jobs);
  for (int tick = 0; tick < 10; ++tick)
    EXPECT_EQ(sorted_at(instant("2027-03-28T01:00:00Z") + minutes{tick}),
              order);
}

TEST(run_id, of_ticks_do_not_collide) {
  std::unordered_set<run_id> ids;
  const auto at = instant("2027-01-01T00:00:00Z");
  for (int job = 0; job < 200; ++job)
    for (int tick = 0; tick < 200; ++tick)
      ids.insert(
          run_id::of_tick("job" + std::to_string(job), at + seconds{tick}));
  EXPECT_EQ(ids.size(), 40'000U);
  // Ticks before 1970 share their time bits and still differ.
  EXPECT_NE(run_id::of_tick("a", instant("1960-01-01T00:00:00Z")),
            run_id::of_tick("a", instant("1961-01-01T00:00:00Z")));
}

TEST(run_id, byte_order_is_time_order) {
  const auto at = instant("2027-01-01T00:00:00Z");
  for (int i = 0; i < 100; ++i) {
    const auto a = run_id::random(at + milliseconds{i});
    const auto b = run_id::random(at + milliseconds{i + 1});
    EXPECT_LT(a, b);
    EXPECT_LT(a.raw(), b.raw());
    EXPECT_LT(a.to_string(), b.to_string());
  }
}

TEST(run_id, text_reads_back_in_either_case) {
  for (int i = 0; i < 1000; ++i) {
    const auto id = run_id::random(instant("2027-01-01T00:00:00Z"));
    auto text = id.to_string();
    ASSERT_EQ(text.size(), 26U);
    EXPECT_EQ(run_id::parse(text), id);
    for (auto& c : text)
      if (c >= 'a' && c <= 'z')
        c = static_cast<char>(c - 'a' + 'A');
    EXPECT_EQ(run_id::parse(text), id);
  }
  EXPECT_EQ(run_id{}.to_string(), std::string(26, '0'));
  run_id::bytes ones;
  ones.fill(0xff);
  const auto largest = std::string(1, '7').append(25, 'z');
  EXPECT_EQ(run_id{ones}.to_string(), largest);
  EXPECT_EQ(run_id::parse(largest), run_id{ones});
}

TEST(run_id, refuses_other_texts) {
  for (const auto& text :
       {std::string{}, std::string(25, '0'), std::string(27, '0'),
        "8" + std::string(25, '0'), std::string(25, '0') + "u",
        std::string(25, '0') + "i", std::string(25, '0') + "-",
        std::string(1 << 20, '0')}) {
    const auto id = run_id::parse(text);
    ASSERT_FALSE(id);
    EXPECT_EQ(id.error().code, errc::invalid_argument);
    EXPECT_LT(id.error().message.size(), 200U);
  }
}

TEST(run_id, those_of_one_moment_are_in_order) {
  const auto at = instant("2027-01-01T00:00:00Z");
  auto last = run_id::random(at);
  for (int i = 0; i < 1'000; ++i) {
    const auto next = run_id::random(at);
    ASSERT_LT(last, next);
    last = next;
  }
}

TEST(run_id, those_of_one_moment_stand_side_by_side_in_a_table) {
  const std::hash<run_id> hash;
  const auto moment = instant("2027-03-28T01:00:00Z");
  auto before = run_id::random(moment);
  std::size_t apart = 0;
  for (int i = 0; i < 320; ++i) {
    const auto id = run_id::random(moment);
    apart += hash(id) != hash(before) + 1;
    before = id;
  }
  EXPECT_GE(apart, 9U); // blocks of 32 lie anywhere
  EXPECT_LE(apart, 11U);
}

TEST(run_id, those_of_many_moments_are_spread_over_a_table) {
  const std::hash<run_id> hash;
  const auto begin = instant("2027-03-28T01:00:00Z");
  constexpr int count = 10'000;
  // For each bucket an id comes to, about 1 - 1/e of them are used.
  std::unordered_set<std::size_t> of_ticks;
  std::unordered_set<std::size_t> of_made;
  for (int i = 0; i < count; ++i) {
    const auto at = begin + seconds{i};
    of_ticks.insert(hash(run_id::of_tick("nightly", at)) % count);
    of_made.insert(hash(run_id::random(at)) % count);
  }
  EXPECT_GT(of_ticks.size(), count * 6 / 10);
  EXPECT_GT(of_made.size(), count * 6 / 10);
}

TEST(run_id, is_random_in_every_thread) {
  std::vector<std::vector<run_id>> made(4);
  std::vector<std::thread> threads;
  for (auto& ids : made)
    threads.emplace_back([&ids] {
      for (int i = 0; i < 1000; ++i)
        ids.push_back(run_id::random(time_point{}));
    });
  for (auto& thread : threads)
    thread.join();
  std::set<run_id> all;
  for (const auto& ids : made)
    all.insert(ids.begin(), ids.end());
  EXPECT_EQ(all.size(), 4000U);
}

} // namespace jobq
