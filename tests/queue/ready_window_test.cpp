#include "queue/ready_window.hpp"

#include <deque>
#include <random>
#include <set>

#include <gtest/gtest.h>

#include "queue/keys.hpp"
#include "tests/queue/store_harness.hpp"

namespace jobq::test {
namespace {

/// A window over keys `k000` to `k999`, whose batches are written some time
/// after they were built.
class ready_window_test : public ::testing::Test {
protected:
  void insert(const short_key& key) {
    batch.Put(db->handle(family::runs), slice_of(key), "");
    window.insert(key, building);
    live.insert(key);
  }
  void erase(const short_key& key) {
    batch.Delete(db->handle(family::runs), slice_of(key));
    window.erase(key, building);
    live.erase(key);
  }

  /// Takes the head, as a claim does: what is not live is passed over.
  void take() {
    for (;;) {
      const auto head = window.head();
      ASSERT_TRUE(head);
      if (*head == nullptr) {
        EXPECT_TRUE(live.empty()) << "lost: " << live.begin()->view();
        return;
      }
      const auto key = **head;
      ASSERT_TRUE(live.empty() || key <= *live.begin())
          << key.view() << " comes before " << live.begin()->view();
      window.pop();
      if (live.erase(key) > 0) {
        batch.Delete(db->handle(family::runs), slice_of(key));
        return;
      }
    }
  }

  void close() {
    built.emplace_back(building++, std::exchange(batch, rocksdb::WriteBatch{}));
  }
  void write_one() {
    if (built.empty())
      return;
    ASSERT_TRUE(db->write(built.front().second, false).ok());
    written.push_back(built.front().first);
    built.pop_front();
  }
  void settle() {
    for (; !written.empty(); written.pop_front())
      window.committed(written.front());
  }

  static short_key key_of(std::uint32_t number) {
    auto digits = std::to_string(1'000 + number);
    return *short_key::of("k" + digits.substr(1));
  }

  scratch_directory place;
  std::unique_ptr<rocksdb_database> db
      = rocksdb_database::open(place.path() / "store", false).value();
  ready_window window{*db, "k", {}, 4};
  std::set<short_key> live;
  rocksdb::WriteBatch batch = rocksdb::WriteBatch{};
  std::uint64_t building = 1;
  std::deque<std::pair<std::uint64_t, rocksdb::WriteBatch>> built;
  std::deque<std::uint64_t> written;
};

class ready_window_seeds : public ready_window_test,
                           public ::testing::WithParamInterface<unsigned> {};

TEST_P(ready_window_seeds, gives_the_least_key_whenever_batches_are_written) {
  std::mt19937 random{GetParam()};
  const auto below = [&](std::uint32_t n) {
    return static_cast<std::uint32_t>(random() % n);
  };
  for (int step = 0; step < 20'000 && !HasFailure(); ++step) {
    const auto key = key_of(below(1'000));
    switch (below(10)) {
    case 0:
    case 1:
    case 2:
      insert(key);
      break;
    case 3:
      if (!live.empty())
        erase(live.lower_bound(key) == live.end() ? *live.begin()
                                                  : *live.lower_bound(key));
      break;
    case 4:
    case 5:
      take();
      break;
    case 6:
    case 7:
      close();
      break;
    case 8:
      write_one();
      break;
    case 9:
      if (below(2) == 0)
        settle();
      break;
    }
    ASSERT_LE(window.keys().size(), 8U + built.size() + 1'000U);
  }
  while (!live.empty() && !HasFailure())
    take();
}

TEST_F(ready_window_test, holds_twice_its_capacity_and_loses_nothing) {
  take(); // finds out that there is nothing
  for (std::uint32_t i = 0; i < 100; ++i)
    insert(key_of(i));
  EXPECT_EQ(window.keys().size(), 8U);
  for (std::uint32_t i = 100; i < 200; i += 50) {
    insert(key_of(i));
    close();
    write_one();
    settle();
  }
  EXPECT_EQ(window.keys().size(), 8U);
  while (!live.empty() && !HasFailure())
    take();
}

TEST_F(ready_window_test,
       what_is_set_aside_is_above_the_floor_and_comes_again) {
  for (std::uint32_t i = 0; i < 4; ++i)
    insert(key_of(i));
  close();
  write_one();
  settle();
  for (std::uint32_t i = 0; i < 2; ++i) {
    ASSERT_EQ(*window.head().value(), key_of(i));
    window.set_aside();
  }
  EXPECT_EQ(*window.head().value(), key_of(2));
  window.pop();
  EXPECT_EQ(window.floor(), key_of(0).view());
  window.erase(key_of(0), building);
  EXPECT_EQ(window.floor(), key_of(1).view());
  EXPECT_TRUE(window.has_aside());
  window.bring_back();
  EXPECT_FALSE(window.has_aside());
  EXPECT_EQ(*window.head().value(), key_of(1));
}

TEST_F(ready_window_test, passes_over_rows_whose_keys_are_none_of_its_own) {
  for (char digit = '0'; digit <= '9'; ++digit) // more than it reads at a time
    batch.Put(db->handle(family::runs),
              std::string{"k00"} + digit + std::string(28, 'x'), "");
  close();
  write_one();
  batch.Put(db->handle(family::runs), slice_of(key_of(10)), "");
  close();
  write_one();
  const auto head = window.head();
  ASSERT_TRUE(head && *head);
  EXPECT_EQ(**head, key_of(10));
  window.pop();
  EXPECT_EQ(window.head().value(), nullptr);
}

INSTANTIATE_TEST_SUITE_P(seeds, ready_window_seeds, ::testing::Range(1U, 9U),
                         [](const auto& one) {
                           return "seed_" + std::to_string(one.param);
                         });

} // namespace
} // namespace jobq::test
