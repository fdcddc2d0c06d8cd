#include "actors/completion_feed.hpp"

#include <gtest/gtest.h>

namespace jobq {
namespace {

/// A store that has nothing but history.
class history_only : public store {
public:
  completion add() {
    completion one;
    one.sequence = history_.size() + 1;
    history_.push_back(one);
    return one;
  }

  bool failing = false;

  result<commit_report> apply(std::span<any_command>, durability) override {
    return commit_report{};
  }
  result<std::uint64_t> persist(std::uint64_t, durability) override {
    return 0;
  }
  result<run> find_run(const run_id&) const override { return run{}; }
  result<std::vector<run>> list_runs(const run_filter&) const override {
    return std::vector<run>{};
  }
  result<std::vector<completion>>
  list_history(const history_filter& filter) const override {
    if (failing)
      return fail(errc::io, "the disk is gone");
    std::vector<completion> found;
    for (const auto& one : history_)
      if (one.sequence > filter.after_sequence && found.size() < filter.limit)
        found.push_back(one);
    return found;
  }
  result<std::vector<tick>> list_ticks(const tick_filter&) const override {
    return std::vector<tick>{};
  }
  result<std::vector<job_cursor>> cursors() const override {
    return std::vector<job_cursor>{};
  }
  result<std::vector<job_switch>> switches() const override {
    return std::vector<job_switch>{};
  }
  result<std::string> read_log(const run_id&, std::uint32_t) const override {
    return std::string{};
  }
  result<std::vector<job_statistics>> statistics_by_job() const override {
    return std::vector<job_statistics>{};
  }
  result<store_statistics> statistics() const override {
    return store_statistics{};
  }

private:
  std::vector<completion> history_;
};

std::vector<std::uint64_t> sequences(completion_feed& feed) {
  std::vector<std::uint64_t> seen;
  auto fresh = feed.next(milliseconds{0});
  EXPECT_TRUE(fresh) << fresh.error().message;
  if (fresh)
    for (const auto& one : *fresh)
      seen.push_back(one.sequence);
  return seen;
}

using numbers = std::vector<std::uint64_t>;

TEST(completion_feed, begins_with_what_the_store_has_after_the_given_one) {
  history_only store;
  for (int i = 0; i < 3; ++i)
    store.add();
  completion_feed feed{store, 1};
  EXPECT_EQ(sequences(feed), (numbers{2, 3}));
  EXPECT_EQ(sequences(feed), numbers{});
}

TEST(completion_feed, delivers_once_what_is_both_stored_and_offered) {
  history_only store;
  completion_feed feed{store, 0};
  EXPECT_EQ(sequences(feed), numbers{});
  auto first = store.add();
  feed.lag(); // reads the first from the store
  EXPECT_EQ(sequences(feed), numbers{1});
  feed.offer({first, store.add()});
  EXPECT_EQ(sequences(feed), numbers{2});
  EXPECT_EQ(sequences(feed), numbers{});
}

TEST(completion_feed, reads_from_the_store_what_its_window_could_not_hold) {
  history_only store;
  completion_feed feed{store, 0};
  EXPECT_EQ(sequences(feed), numbers{});
  constexpr std::uint64_t many = 3'000;
  for (std::uint64_t i = 0; i < many; ++i)
    feed.offer({store.add()});
  numbers seen;
  for (auto some = sequences(feed); !some.empty(); some = sequences(feed))
    seen.insert(seen.end(), some.begin(), some.end());
  ASSERT_EQ(seen.size(), many);
  for (std::uint64_t i = 0; i < many; ++i)
    ASSERT_EQ(seen[i], i + 1);
}

// A subscriber takes an empty answer for "nothing came in time".
TEST(completion_feed, news_of_nothing_new_do_not_cut_the_wait_short) {
  history_only store;
  completion_feed feed{store, 0};
  auto known = store.add();
  EXPECT_EQ(sequences(feed), numbers{1});
  feed.offer({known});
  const auto begun = std::chrono::steady_clock::now();
  auto fresh = feed.next(milliseconds{20});
  ASSERT_TRUE(fresh);
  EXPECT_TRUE(fresh->empty());
  EXPECT_GE(std::chrono::steady_clock::now() - begun, milliseconds{20});
}

TEST(completion_feed, a_closed_feed_delivers_what_is_left_then_says_so) {
  history_only store;
  completion_feed feed{store, 0};
  EXPECT_EQ(sequences(feed), numbers{});
  feed.offer({store.add()});
  feed.close();
  EXPECT_EQ(sequences(feed), numbers{1});
  auto after = feed.next(milliseconds{0});
  ASSERT_FALSE(after);
  EXPECT_EQ(after.error().code, errc::unavailable);
}

TEST(completion_feed, a_store_that_cannot_be_read_is_read_again) {
  history_only store;
  completion_feed feed{store, 0};
  store.add();
  store.failing = true;
  auto refused = feed.next(milliseconds{0});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, errc::io);
  store.failing = false;
  EXPECT_EQ(sequences(feed), numbers{1});
}

} // namespace
} // namespace jobq
