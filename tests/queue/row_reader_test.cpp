#include "queue/row_reader.hpp"

#include <map>
#include <random>

#include <gtest/gtest.h>
#include <rocksdb/perf_context.h>
#include <rocksdb/perf_level.h>

#include "tests/queue/store_harness.hpp"

namespace jobq::test {
namespace {

class row_reader_test : public ::testing::Test {
protected:
  static std::string key_of(std::uint32_t number) {
    return "r" + std::to_string(100'000 + number);
  }
  void put(std::uint32_t number, const std::string& value) {
    rocksdb::WriteBatch batch = rocksdb::WriteBatch{};
    batch.Put(db->handle(family::runs), key_of(number), value);
    ASSERT_TRUE(db->write(batch, false).ok());
    rows[number] = value;
  }
  void remove(std::uint32_t number) {
    rocksdb::WriteBatch batch = rocksdb::WriteBatch{};
    batch.Delete(db->handle(family::runs), key_of(number));
    ASSERT_TRUE(db->write(batch, false).ok());
    rows.erase(number);
  }
  void fill(std::uint32_t count) {
    for (std::uint32_t i = 0; i < count; ++i)
      put(i, key_of(i));
  }
  void check(std::uint32_t number) {
    const auto came = reader.get(key_of(number));
    ASSERT_TRUE(came);
    const auto wanted = rows.find(number);
    ASSERT_EQ(came->has_value(), wanted != rows.end()) << number;
    if (*came) {
      ASSERT_EQ(**came, wanted->second);
    }
  }
  /// How many rows of `fill` were searched for, since the last call.
  static std::uint64_t searched() {
    rocksdb::SetPerfLevel(rocksdb::PerfLevel::kEnableCount);
    const auto bytes = rocksdb::get_perf_context()->get_read_bytes;
    rocksdb::get_perf_context()->Reset();
    return bytes / key_of(0).size();
  }

  scratch_directory place;
  std::unique_ptr<rocksdb_database> db
      = rocksdb_database::open(place.path() / "store", false).value();
  row_reader reader{*db, family::runs};
  std::map<std::uint32_t, std::string> rows;
};

class row_reader_seeds : public row_reader_test,
                         public ::testing::WithParamInterface<unsigned> {};

TEST_P(row_reader_seeds, finds_what_is_there_in_any_order) {
  std::mt19937 random{GetParam()};
  const auto below = [&](std::uint32_t n) {
    return static_cast<std::uint32_t>(random() % n);
  };
  fill(2'000);
  for (int batch = 0; batch < 60 && !HasFailure(); ++batch) {
    auto at = below(2'000);
    for (int step = 0; step < 100 && !HasFailure(); ++step) {
      check(at);
      if (below(20) == 0)
        at = below(2'100);
      else
        at += below(10) == 0 ? below(12) : 1;
    }
    reader.rest();
    for (int change = 0; change < 20; ++change)
      if (below(2) == 0)
        remove(below(2'000));
      else
        put(below(2'000), "as of batch " + std::to_string(batch));
  }
}

INSTANTIATE_TEST_SUITE_P(seeds, row_reader_seeds, ::testing::Range(1U, 5U));

TEST_F(row_reader_test, rows_that_follow_one_another_are_scanned) {
  fill(1'000);
  searched();
  for (std::uint32_t i = 0; i < 1'000; i += 2)
    check(i);
  EXPECT_EQ(searched(), 8U); // before it is known that there are so many
}

TEST_F(row_reader_test, a_few_rows_are_searched_for) {
  fill(100);
  searched();
  for (std::uint32_t i = 0; i < 80; ++i) {
    if (i % 8 == 0)
      reader.rest();
    check(i);
  }
  EXPECT_EQ(searched(), 80U);
}

TEST_F(row_reader_test, rows_in_no_order_are_searched_for_in_the_end) {
  fill(1'000);
  for (std::uint32_t i = 1'000; i-- > 900;)
    check(i);
  searched();
  for (std::uint32_t i = 0; i < 100; ++i)
    check(i);
  EXPECT_EQ(searched(), 100U);
}

TEST_F(row_reader_test, after_a_rest_it_sees_what_was_written_before) {
  fill(100);
  for (std::uint32_t i = 0; i < 50; ++i)
    check(i);
  put(60, "another");
  remove(61);
  reader.rest();
  for (std::uint32_t i = 50; i < 100; ++i)
    check(i);
}

} // namespace
} // namespace jobq::test
