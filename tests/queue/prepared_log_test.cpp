#include "queue/prepared_log.hpp"

#include <fcntl.h>
#include <linux/magic.h>

#include <fstream>
#include <iterator>

#include <rocksdb/file_system.h>

#include "queue/rocksdb_database.hpp"
#include "tests/queue/store_harness.hpp"

namespace jobq::test {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t ahead = 256 << 10;
constexpr std::size_t large = (64 << 10) + 1;

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
  const auto env = make_prepared_logs();
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
    return "row " + std::to_string(1'000 + number);
  }

  static void put(rocksdb_database& to, int number) {
    rocksdb::WriteBatch batch;
    batch.Put(to.handle(family::meta), key(number), std::string(300, 'v'));
    ASSERT_TRUE(to.write(batch, true).ok());
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
    for (int i = 0; i < 40; ++i)
      put(*db, rows++);
    ASSERT_GT(fs::file_size(log_in(db->directory())), ahead);
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
    const auto left = copy_of(store, "torn " + std::to_string(torn));
    auto cut = log;
    std::fill(cut.begin() + static_cast<std::ptrdiff_t>(end - torn),
              cut.begin() + static_cast<std::ptrdiff_t>(end), '\0');
    std::ofstream{log_in(left), std::ios::binary} << cut;
    auto again = open(left);
    ASSERT_TRUE(again) << torn;
    const auto found = rows_of(*again);
    EXPECT_LT(found, rows) << torn;
    EXPECT_GE(found, rows - 1 - static_cast<int>(torn / 300)) << torn;
    put(*again, found);
    EXPECT_EQ(rows_of(*again), found + 1) << torn;
  }
}

TEST_F(killed_with_prepared_logs, can_be_read_while_the_process_lives) {
  const auto db = open(store);
  for (int i = 0; i < 30; ++i) {
    put(*db, i);
    EXPECT_EQ(rows_of(*open(store, true)), i + 1);
  }
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

} // namespace
} // namespace jobq::test
