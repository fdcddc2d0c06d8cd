#include "queue/prepared_log.hpp"

#include <fcntl.h>
#include <linux/magic.h>

#include <atomic>
#include <fstream>
#include <iterator>
#include <thread>
#include <vector>

#include <rocksdb/file_system.h>

#include "queue/gapless_replay.hpp"
#include "queue/rocksdb_database.hpp"
#include "tests/queue/store_harness.hpp"

namespace jobq::test {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t ahead = 256 << 10;
constexpr std::size_t large = (64 << 10) + 1;
constexpr std::size_t block = 32 << 10; ///< RocksDB's, of a log

std::string content(const fs::path& file) {
  std::ifstream from{file, std::ios::binary};
  return {std::istreambuf_iterator<char>{from}, {}};
}

bool is_zeros(std::string_view text) {
  return text.find_first_not_of('\0') == std::string_view::npos;
}

class prepared_log_test : public ::testing::Test {
protected:
  std::unique_ptr<rocksdb::FSWritableFile> make(int access = O_WRONLY) {
    std::unique_ptr<rocksdb::FSWritableFile> plain;
    EXPECT_TRUE(rocksdb::FileSystem::Default()
                    ->NewWritableFile(file, {}, &plain, nullptr)
                    .ok());
    return make_prepared_log(std::move(plain),
                             ::open(file.c_str(), access | O_CLOEXEC));
  }

  void append(rocksdb::FSWritableFile& to, const std::string& text) {
    ASSERT_TRUE(to.Append(text, {}, nullptr).ok());
    appended += text;
  }

  scratch_directory place;
  const fs::path file = place.path() / "000001.log";
  std::string appended;
};

TEST_F(prepared_log_test, zeros_follow_what_was_appended) {
  const auto log = make();
  for (int i = 0; i < 1'000; ++i) {
    append(*log, std::string(700, static_cast<char>('a' + i % 26)));
    if (i % 20 != 0)
      continue;
    const auto now = content(file);
    ASSERT_EQ(now.substr(0, appended.size()), appended);
    ASSERT_TRUE(is_zeros(std::string_view{now}.substr(appended.size())));
  }
}

TEST_F(prepared_log_test, small_appends_do_not_make_the_file_larger) {
  const auto log = make();
  append(*log, "first");
  const auto size = fs::file_size(file);
  EXPECT_EQ(size, 5 + ahead);
  while (appended.size() + 1'000 <= size)
    append(*log, std::string(1'000, 'x'));
  EXPECT_EQ(fs::file_size(file), size);
  append(*log, std::string(1'000, 'y'));
  EXPECT_EQ(fs::file_size(file), appended.size() + ahead);
}

TEST_F(prepared_log_test, no_more_than_one_piece_lies_ahead) {
  const auto log = make();
  for (int i = 0; i < 50; ++i) {
    append(*log, "small");
    append(*log, std::string(large, 'x'));
    ASSERT_LE(fs::file_size(file), appended.size() + ahead);
  }
}

TEST_F(prepared_log_test, nothing_is_prepared_for_large_appends) {
  const auto log = make();
  append(*log, std::string(large, 'x'));
  append(*log, std::string(large, 'y'));
  EXPECT_EQ(content(file), appended);
}

TEST_F(prepared_log_test, zeros_that_cannot_be_written_are_done_without) {
  const auto log = make(O_RDONLY);
  append(*log, "first");
  append(*log, "second");
  EXPECT_TRUE(log->Sync({}, nullptr).ok());
  EXPECT_EQ(content(file), appended);
}

TEST_F(prepared_log_test, only_logs_are_prepared) {
  const auto env = make_prepared_logs(rocksdb::FileSystem::Default());
  const auto size_of_one = [&](const std::string& name) {
    std::unique_ptr<rocksdb::WritableFile> made;
    const auto path = (place.path() / name).string();
    EXPECT_TRUE(env->NewWritableFile(path, &made, {}).ok());
    EXPECT_TRUE(made->Append("text").ok());
    return fs::file_size(path);
  };
  EXPECT_EQ(size_of_one("000002.log"), 4 + ahead);
  EXPECT_EQ(size_of_one("000003.sst"), 4U);
  EXPECT_EQ(size_of_one("LOG"), 4U);
}

TEST_F(prepared_log_test, is_for_file_systems_that_overwrite_in_place) {
  EXPECT_TRUE(overwrites_in_place(EXT4_SUPER_MAGIC));
  EXPECT_TRUE(overwrites_in_place(XFS_SUPER_MAGIC));
  EXPECT_FALSE(overwrites_in_place(BTRFS_SUPER_MAGIC));
  EXPECT_FALSE(overwrites_in_place(TMPFS_MAGIC));
  EXPECT_EQ(best_logs_in("/proc"), log_files::plain);
  EXPECT_EQ(best_logs_in(place.path() / "absent"), log_files::plain);
}

/// A database with prepared logs, and what its files look like when its process
/// is killed.
class killed_with_prepared_logs : public ::testing::Test {
protected:
  static std::string key(int number) {
    return "row " + std::to_string(10'000 + number);
  }

  static void put(rocksdb_database& to, int number, std::size_t size = 300,
                  bool sync = true) {
    rocksdb::WriteBatch batch;
    batch.Put(to.handle(family::meta), key(number), std::string(size, 'v'));
    ASSERT_TRUE(to.write(batch, sync).ok());
  }

  static std::unique_ptr<rocksdb_database> open(const fs::path& where,
                                                bool read_only = false) {
    auto opened = rocksdb_database::open(where, read_only, log_files::prepared);
    EXPECT_TRUE(opened) << opened.error().message;
    return opened ? std::move(*opened) : nullptr;
  }

  /// How many rows are there, if those are the first ones; else -1.
  static int rows_of(const rocksdb_database& db) {
    int count = 0;
    for (scan all{db, family::meta, "row", "rox"}; all.valid(); all.next())
      if (all.key() != key(count++))
        return -1;
    return count;
  }

  /// The files of a store, but not what only a living process has.
  fs::path copy_of(const fs::path& from, const std::string& name) {
    auto to = place.path() / name;
    fs::copy(from, to, fs::copy_options::recursive);
    return to;
  }

  /// The same, with zeros in part of the log.
  fs::path copy_with_zeros(const std::string& name, std::size_t from,
                           std::size_t to) {
    auto left = copy_of(store, name);
    auto log = content(log_in(store));
    log.replace(from, to - from, to - from, '\0');
    std::ofstream{log_in(left), std::ios::binary} << log;
    return left;
  }

  static fs::path log_in(const fs::path& store) {
    fs::path last;
    for (const auto& one : fs::directory_iterator{store})
      if (one.path().extension() == ".log"
          && (last.empty() || one.path() > last))
        last = one.path();
    return last;
  }

  scratch_directory place;
  const fs::path store = place.path() / "store";
};

TEST_F(killed_with_prepared_logs, have_all_rows_and_take_more) {
  auto db = open(store);
  int rows = 0;
  for (int life = 0; life < 4; ++life) {
    // Several pieces of zeros, with large appends among the small ones.
    for (std::size_t i = 0; i < 40; ++i)
      put(*db, rows++, i % 8 == 7 ? large : 300 + 1'000 * (i % 8), false);
    ASSERT_GT(fs::file_size(log_in(db->directory())), 2 * ahead);
    const auto left = copy_of(db->directory(), "life " + std::to_string(life));
    db = open(left);
    ASSERT_TRUE(db);
    ASSERT_EQ(rows_of(*db), rows);
  }
}

TEST_F(killed_with_prepared_logs, lose_no_more_than_what_was_torn) {
  constexpr int rows = 20;
  const auto db = open(store);
  for (int i = 0; i < rows; ++i)
    put(*db, i);
  const auto log = content(log_in(store));
  const auto end = log.find_last_not_of('\0') + 1;
  ASSERT_GT(log.size(), end);
  // A row is some 330 bytes: cuts through the last three.
  for (std::size_t torn = 1; torn < 1'000; torn += 37) {
    auto again = open(
        copy_with_zeros("torn " + std::to_string(torn), end - torn, end));
    ASSERT_TRUE(again) << torn;
    const auto found = rows_of(*again);
    EXPECT_LT(found, rows) << torn;
    EXPECT_GE(found, rows - 1 - static_cast<int>(torn / 300)) << torn;
    put(*again, found);
    EXPECT_EQ(rows_of(*again), found + 1) << torn;
  }
}

/// A power cut may leave the second block of what was not synced, and zeros for
/// what came before it.
TEST_F(killed_with_prepared_logs, take_nothing_from_behind_a_gap) {
  const auto db = open(store);
  std::vector<std::size_t> ends; // of the log, after each row
  const auto add = [&](std::size_t size) {
    put(*db, static_cast<int>(ends.size()), size, false);
    ends.push_back(content(log_in(store)).find_last_not_of('\0') + 1);
  };
  add(300);
  add(300);
  const auto around = ends[1] - ends[0] - 300; // a row's value
  while (block - ends.back() > 3'000)
    add(2'000);
  add(block - ends.back() - around);
  ASSERT_EQ(ends.back(), block); // so that a row begins with the next one
  const auto in_first = ends.size();
  for (int i = 0; i < 5; ++i)
    add(300);
  for (std::size_t kept = 1; kept < in_first; ++kept) {
    const auto left = copy_with_zeros("gap after " + std::to_string(kept),
                                      ends[kept - 1], block);
    EXPECT_EQ(rows_of(*open(left, true)), static_cast<int>(kept));
    auto again = open(left);
    ASSERT_TRUE(again) << kept;
    EXPECT_EQ(rows_of(*again), static_cast<int>(kept));
    put(*again, static_cast<int>(kept));
    again.reset();
    EXPECT_EQ(rows_of(*open(left)), static_cast<int>(kept) + 1);
  }
}

TEST_F(killed_with_prepared_logs, can_be_read_while_the_process_writes) {
  const auto db = open(store);
  std::atomic<bool> ended = false;
  std::thread writer{[&] {
    for (int i = 0; i < 20'000; ++i)
      put(*db, i, 300, false);
    ended = true;
  }};
  int before = 0;
  do {
    const auto now = rows_of(*open(store, true));
    EXPECT_GE(now, before);
    before = now;
  } while (!ended);
  writer.join();
}

TEST_F(killed_with_prepared_logs, are_synced_beside_appends) {
  constexpr int rows = 3'000;
  const auto db = open(store);
  std::atomic<bool> ended = false;
  std::thread syncer{[&] {
    while (!ended)
      EXPECT_TRUE(db->sync().ok());
  }};
  for (int i = 0; i < rows; ++i)
    put(*db, i, 300, false);
  ended = true;
  syncer.join();
  EXPECT_EQ(rows_of(*open(copy_of(store, "left"))), rows);
}

TEST_F(killed_with_prepared_logs, or_ended_in_good_order_leave_no_zeros) {
  {
    const auto db = open(store);
    put(*db, 0);
    ASSERT_GT(fs::file_size(log_in(store)), ahead);
  }
  EXPECT_LT(fs::file_size(log_in(store)), std::size_t{4'096});
  EXPECT_EQ(rows_of(*open(store)), 1);
}

/// A batch as a log has it, of so many rows from a sequence number on.
rocksdb::WriteBatch batch_from(std::uint64_t sequence, int rows) {
  rocksdb::WriteBatch made;
  for (int i = 0; i < rows; ++i)
    made.Put("key", "value");
  auto bytes = made.Data();
  for (std::size_t i = 0; i < 8; ++i)
    bytes[i] = static_cast<char>(sequence >> (8 * i));
  return rocksdb::WriteBatch{bytes};
}

TEST(gapless_replay, ends_before_the_first_gap_of_a_log) {
  using option = rocksdb::WalFilter::WalProcessingOption;
  const auto replay = make_gapless_replay();
  const auto find = [&](unsigned long long log, std::uint64_t from, int rows) {
    return replay->LogRecordFound(log, "", batch_from(from, rows), nullptr,
                                  nullptr);
  };
  EXPECT_EQ(find(4, 1'000, 3), option::kContinueProcessing);
  EXPECT_EQ(find(4, 1'003, 1), option::kContinueProcessing);
  EXPECT_EQ(find(4, 1'005, 1), option::kCorruptedRecord);
  EXPECT_EQ(find(4, 1'006, 1), option::kCorruptedRecord);
  // Logs begin anywhere, and empty batches take no number.
  EXPECT_EQ(find(5, 70'000, 2), option::kContinueProcessing);
  EXPECT_EQ(find(5, 90'000, 0), option::kContinueProcessing);
  EXPECT_EQ(find(5, 70'002, 1), option::kContinueProcessing);
}

} // namespace
} // namespace jobq::test
