#include <algorithm>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <rocksdb/file_system.h>

#include "tests/queue/store_harness.hpp"

/// What becomes of a read that fails: of each that a command makes, one after
/// the other.
namespace jobq::test {
namespace {

namespace fs = std::filesystem;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;

/// Lets one read of a table fail, when armed.
struct read_fault {
  int reads_left = -1; ///< until the one that fails; negative: none does
  bool stays = false;  ///< each read of the same place fails
  bool always = false; ///< each read fails
  bool came = false;
  std::pair<const void*, std::uint64_t> place;

  IOStatus next(const void* table, std::uint64_t offset) {
    const std::pair here{table, offset};
    if (always)
      return IOStatus::IOError("a bad sector");
    if (came ? !stays || place != here : reads_left < 0 || reads_left-- > 0)
      return IOStatus::OK();
    came = true;
    place = here;
    return IOStatus::IOError("a bad sector");
  }
};

class faulty_table final : public rocksdb::FSRandomAccessFileOwnerWrapper {
public:
  faulty_table(std::unique_ptr<rocksdb::FSRandomAccessFile> file,
               read_fault& fault)
      : FSRandomAccessFileOwnerWrapper{std::move(file)}, fault_{fault} {}

  IOStatus Read(std::uint64_t offset, std::size_t bytes,
                const IOOptions& options, rocksdb::Slice* came, char* scratch,
                IODebugContext* debug) const override {
    const auto fault = fault_.next(target(), offset);
    return fault.ok()
               ? target()->Read(offset, bytes, options, came, scratch, debug)
               : fault;
  }

private:
  read_fault& fault_;
};

class faulty_files final : public rocksdb::FileSystemWrapper {
public:
  explicit faulty_files(read_fault& fault)
      : FileSystemWrapper{rocksdb::FileSystem::Default()}, fault_{fault} {}

  const char* Name() const override { return "faulty_files"; }

  IOStatus NewRandomAccessFile(const std::string& name,
                               const rocksdb::FileOptions& options,
                               std::unique_ptr<rocksdb::FSRandomAccessFile>* to,
                               IODebugContext* debug) override {
    auto came = target()->NewRandomAccessFile(name, options, to, debug);
    if (came.ok() && name.ends_with(".sst"))
      *to = std::make_unique<faulty_table>(std::move(*to), fault_);
    return came;
  }

private:
  read_fault& fault_;
};

/// A store whose rows are all on disk, and none in memory.
class read_failure : public ::testing::Test {
protected:
  const time_point later = at(1'000'000);
  const tick missed = missed_until(9);
  const tick missed_too = missed_until(19);

  read_failure() {
    harness.options.files = std::make_shared<faulty_files>(fault);
    harness.options.retry_unread = milliseconds{0};
    harness.open(at(0));
    fill();
    s.reopen(at(3)); // writes the log's rows into tables
    harness.die();
    fs::rename(place(), kept());
  }

  fs::path place() const { return harness.directory.path() / "store"; }
  fs::path kept() const { return harness.directory.path() / "kept"; }

  /// A run whose row fills a block, so that it is read by itself.
  static run large_run(std::uint64_t number, const std::string& job = "job") {
    auto made = make_run(number, job);
    made.parameters["payload"] = std::string(20'000, 'x');
    return made;
  }

  /// Nine seconds of the ledger, also in a block of its own.
  static tick missed_until(std::int64_t last) {
    return {"cron",
            at(last - 8),
            at(last),
            9,
            tick_fate::engine_down,
            {},
            std::string(20'000, 'y')};
  }

  /// Runs of each kind and in each state, and lines of the ledger.
  void fill() {
    for (const auto number : {10U, 11U, 12U, 13U}) {
      auto one = large_run(number, "serial");
      one.serial = true;
      s.enqueue(one);
    }
    s.claim(4); // one of them; the others are parked
    s.enqueue(large_run(4));
    s.finish(s.claim().at(0), outcome_kind::succeeded, at(1), "a log");
    s.enqueue(large_run(6));
    s.must(command::discard{id_of(6), "no use", at(1)});
    for (const auto number : {1U, 2U, 3U})
      s.enqueue(large_run(number));
    auto elsewhere = large_run(5);
    elsewhere.queue = "other";
    s.enqueue(elsewhere);
    auto scheduled = large_run(20);
    scheduled.state = run_state::scheduled;
    scheduled.scheduled_at = at(50);
    s.enqueue(scheduled);
    tick_decision decided = decide_at(0, 10, overlap_policy::cancel_other);
    decided.others = {missed, missed_too};
    s.must(command::fire{{decided}, at(2)});
  }

  void reset() {
    harness.die();
    std::error_code ignored;
    fs::remove_all(place(), ignored);
    fs::copy(kept(), place());
    fault = {};
  }

  /// Begins with the same store again and again, and each time has a later read
  /// fail of those that `act` makes, until it makes no more.
  /// @param prepare brings the store to where `act` is to begin
  template <class Prepare, class Act>
  void at_each_read(Prepare prepare, Act act) {
    for (int read = 0;; ++read) {
      SCOPED_TRACE("read " + std::to_string(read));
      ASSERT_LT(read, 1'000);
      reset();
      harness.open(at(5));
      prepare();
      fault.reads_left = read;
      act();
      const bool made = std::exchange(fault, {}).came;
      if (HasFailure())
        return;
      if (!made) {
        EXPECT_GT(read, 0) << "nothing was read";
        return;
      }
      all_can_end();
      s.reopen(at(100));
      all_can_end();
      EXPECT_TRUE(s.list({run_state::available, {}, 100}).empty());
      EXPECT_TRUE(s.list({run_state::scheduled, {}, 100}).empty());
      EXPECT_TRUE(s.list({run_state::retryable, {}, 100}).empty());
      EXPECT_TRUE(s.list({run_state::running, {}, 100}).empty());
    }
  }

  template <class Act>
  void at_each_read(Act act) {
    at_each_read([] {}, act);
  }

  /// Where a serial run waits is not the same after each start.
  std::vector<run> all_by_id() {
    auto all = s.list({{}, {}, 100});
    std::sort(all.begin(), all.end(),
              [](const run& a, const run& b) { return a.id < b.id; });
    return all;
  }

  /// Executes what can be read now, unless the store gave up.
  void all_can_end() {
    for (int idle = 0; idle < 2; ++idle) {
      if (const auto due = s.apply(command::promote{later});
          !due && due.error().code == errc::store_failed)
        return;
      for (const auto& one : s.claim(100, later)) {
        s.finish(one, outcome_kind::succeeded, later);
        idle = -1;
      }
    }
  }

  /// Each read of a command about a run that fails refuses it.
  void expect_refusal_at_each_read(const run_id& id, const any_command& what) {
    reset();
    harness.open(at(5));
    const auto before = s.get(id);
    at_each_read([&] {
      const auto came = s.apply(what);
      fault.reads_left = -1;
      if (!came) {
        EXPECT_TRUE(is_a_fault(came.error())) << came.error().message;
        EXPECT_EQ(s.get(id), before);
      }
    });
  }

  static bool is_a_fault(const error& why) {
    return why.message.find("a bad sector") != std::string::npos;
  }

  read_fault fault;
  rocksdb_harness harness;
  store_user s{harness};
};

TEST_F(read_failure, keeps_a_store_from_opening_and_changes_nothing) {
  reset();
  harness.open(at(5));
  const auto whole = all_by_id();
  for (int read = 0;; ++read) {
    SCOPED_TRACE("read " + std::to_string(read));
    reset();
    fault.reads_left = read;
    auto opened = open_rocksdb_store(harness.options, at(5));
    if (!std::exchange(fault, {}).came)
      break;
    if (opened) {
      harness.found = std::move(*opened);
    } else {
      EXPECT_TRUE(is_a_fault(opened.error())) << opened.error().message;
      EXPECT_NE(opened.error().message.find(place().string()),
                std::string::npos);
      harness.open(at(5));
    }
    EXPECT_TRUE(all_by_id() == whole);
    all_can_end();
    EXPECT_EQ(s.list({run_state::completed, {}, 100}).size(), 11U);
  }
}

TEST_F(read_failure, passes_over_a_run_and_says_so) {
  for (const any_command& what :
       {any_command{command::promote{later}},
        any_command{command::claim{"me", 100, at(60)}}}) {
    std::size_t passed_over = 0;
    at_each_read([&] {
      const auto came = s.apply(what);
      if (!came) {
        EXPECT_TRUE(is_a_fault(came.error()));
        return;
      }
      for (const auto& why : came->unread) {
        EXPECT_TRUE(is_a_fault(why)) << why.message;
        EXPECT_EQ(why.message.find("run 0"), 0U) << why.message;
        ++passed_over;
      }
    });
    EXPECT_GT(passed_over, 0U);
  }
}

TEST_F(read_failure, that_stays_holds_up_no_other_run_and_hides_none) {
  at_each_read([this] {
    fault.stays = true;
    all_can_end();
    const auto seen = harness.get().list_runs({run_state::available, {}, 100});
    if (!fault.came)
      return;
    fault.reads_left = -1;
    fault.stays = false;
    const auto there = s.list({run_state::available, {}, 100});
    EXPECT_LE(there.size(), 4U) << "a bad block holds few";
    EXPECT_TRUE(!seen || seen->size() == there.size());
  });
}

TEST_F(read_failure, of_a_run_is_over_when_it_can_be_read_again) {
  harness.options.retry_unread = std::chrono::hours{1};
  int read = 0;
  std::string told;
  for (; told.empty(); ++read) {
    reset();
    harness.open(at(5));
    fault.reads_left = read;
    const auto came = s.apply(command::claim{"me", 100, at(6)});
    if (came && !came->unread.empty())
      told = came->unread[0].message;
    fault = {};
  }
  // So many ends that the heads of the queues are marked on disk.
  for (std::uint64_t begin = 100; begin < 11'000; begin += 1'000) {
    command::enqueue some;
    for (std::uint64_t number = begin; number < begin + 1'000; ++number)
      some.runs.push_back(make_run(number));
    s.must(std::move(some));
    command::finish ends;
    for (const auto& one : s.claim(1'000, at(7)))
      ends.ends.push_back(std::make_shared<const attempt_end>(attempt_end{
          one.id, make_attempt(one, outcome_kind::succeeded, at(7)), {}}));
    s.must(std::move(ends));
  }
  const auto passed_over = s.list({run_state::available, {}, 100});
  ASSERT_FALSE(passed_over.empty());
  EXPECT_NE(told.find(passed_over[0].id.to_string()), std::string::npos);
  EXPECT_TRUE(s.claim(100, at(8)).empty()) << "not yet";
  s.reopen(at(9));
  const auto taken = s.claim(100, later);
  EXPECT_TRUE(std::any_of(taken.begin(), taken.end(), [&](const run& one) {
    return one.id == passed_over[0].id;
  }));
}

TEST_F(read_failure, of_very_many_runs_is_the_disks) {
  reset();
  harness.open(at(5));
  command::enqueue many;
  for (std::uint64_t number = 100; number < 1'200; ++number)
    many.runs.push_back(make_run(number));
  s.must(std::move(many));
  s.reopen();
  fault.always = true;
  const command::claim all{"me", 1'000, at(101)};
  auto came = s.apply(all); // of what is in memory
  if (came && !came->runs.empty())
    came = s.apply(all);
  ASSERT_FALSE(came);
  EXPECT_TRUE(is_a_fault(came.error())) << came.error().message;
  fault = {};
  s.reopen();
  EXPECT_GE(s.claim(2'000, at(102)).size(), 1'100U);
}

TEST_F(read_failure, of_the_next_in_a_serial_line_holds_it_up_no_longer) {
  // Each start has called one more of them.
  at_each_read(
      [this] {
        for (int claims = 0; claims < 2; ++claims)
          for (const auto& one : s.claim(100, at(6)))
            s.finish(one, outcome_kind::succeeded, at(6));
      },
      [this] {
        const auto third = s.claim(1, at(6));
        ASSERT_EQ(third.at(0).id, id_of(12));
        s.finish(third[0], outcome_kind::succeeded, at(7));
        fault.reads_left = -1;
        s.must(barrier());
        const auto fourth = s.claim(1, at(8));
        ASSERT_EQ(fourth.size(), 1U);
        EXPECT_EQ(fourth[0].id, id_of(13));
      });
}

TEST_F(read_failure, refuses_a_word_about_one_run) {
  expect_refusal_at_each_read(id_of(13), command::cancel{id_of(13), "", at(6)});
  expect_refusal_at_each_read(id_of(6), command::retry{id_of(6), "", at(6)});
  expect_refusal_at_each_read(id_of(20),
                              command::discard{id_of(20), "", at(6)});
}

TEST_F(read_failure, refuses_what_is_enqueued_whole) {
  at_each_read([this] {
    const auto came
        = s.apply(command::enqueue{{make_run(0), make_run(1), make_run(30)}});
    const bool made = came.has_value();
    if (!made) {
      EXPECT_TRUE(is_a_fault(came.error()));
    }
    fault.reads_left = -1;
    EXPECT_EQ(harness.get().find_run(id_of(0)).has_value(), made);
    EXPECT_EQ(harness.get().find_run(id_of(30)).has_value(), made);
  });
}

TEST_F(read_failure, refuses_a_replay_whole) {
  const auto replay_last = [](const tick& line) {
    ledger_change change;
    change.job = "cron";
    change.before = change.after = {line};
    change.after[0].to -= seconds{1};
    --change.after[0].count;
    change.firings
        = {make_firing((line.to - at(0)) / seconds{1}, overlap_policy::skip)};
    return change;
  };
  const command::replay both{
      {}, {replay_last(missed), replay_last(missed_too)}, at(20)};
  const auto ticks_before = [this] {
    reset();
    harness.open(at(5));
    return s.ticks();
  }();
  at_each_read([&] {
    const auto came = s.apply(both);
    fault.reads_left = -1;
    const auto now = s.ticks();
    if (came) {
      EXPECT_EQ(now.size(), ticks_before.size() + 2);
      return;
    }
    EXPECT_TRUE(is_a_fault(came.error()));
    EXPECT_EQ(now, ticks_before);
  });
}

TEST_F(read_failure, lets_a_decision_be_made_again) {
  const command::fire what{{decide_at(10, 20, overlap_policy::cancel_other)},
                           at(20)};
  int made_all_the_same = 0;
  at_each_read([&] {
    if (s.apply(what)) {
      made_all_the_same += fault.came ? 1 : 0;
      return;
    }
    fault.reads_left = -1;
    if (const auto again = s.apply(what); again) {
      EXPECT_EQ(harness.get().cursors().value().at(0).position, at(20));
      tick_filter of_it;
      of_it.since = at(20);
      EXPECT_EQ(s.ticks(of_it).size(), 1U);
      EXPECT_EQ(s.get(run_id::of_tick("cron", at(20))).state,
                run_state::available);
    } else {
      EXPECT_EQ(again.error().code, errc::store_failed);
    }
  });
  EXPECT_GT(made_all_the_same, 0) << "of a run that was to make way";
}

TEST_F(read_failure, lets_what_is_old_be_deleted_the_next_time) {
  const command::expire sweep{{}, at(0) + std::chrono::hours{10'000}, 1'000};
  at_each_read([&] {
    s.apply(sweep);
    fault.reads_left = -1;
    if (const auto again = s.apply(sweep); again) {
      EXPECT_TRUE(s.history().empty());
      EXPECT_TRUE(s.ticks().empty());
    } else {
      EXPECT_EQ(again.error().code, errc::store_failed);
    }
  });
}

TEST_F(read_failure, makes_a_listing_an_error_and_no_shorter) {
  const auto look = [&](const auto& list) {
    reset();
    harness.open(at(5));
    const auto whole = list();
    ASSERT_TRUE(whole);
    at_each_read([&] {
      if (const auto came = list(); came) {
        EXPECT_EQ(*came, *whole);
      } else {
        EXPECT_TRUE(is_a_fault(came.error())) << came.error().message;
      }
    });
  };
  look([this] { return harness.get().find_run(id_of(13)); });
  look([this] { return harness.get().list_runs({{}, {}, 100}); });
  look([this] {
    return harness.get().list_runs({run_state::available, {}, 100});
  });
  look([this] {
    return harness.get().list_runs({run_state::completed, {}, 100});
  });
  look([this] { return harness.get().list_ticks({}); });
  look([this] { return harness.get().read_log(id_of(4), 1); });
}

} // namespace
} // namespace jobq::test
