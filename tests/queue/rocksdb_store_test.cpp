#include "queue/rocksdb_store.hpp"

#include <atomic>
#include <fstream>
#include <future>
#include <thread>

#include "queue/codec.hpp"
#include "queue/rocksdb_database.hpp"
#include "tests/queue/store_harness.hpp"

/// What is particular to the store in RocksDB: its files, its format, its
/// failures.
namespace jobq::test {
namespace {

class rocksdb_store_test : public ::testing::Test {
protected:
  result<opened_store> open_again(bool read_only = false) {
    auto options = harness.options;
    options.directory = harness.directory.path() / "store";
    options.read_only = read_only;
    return open_rocksdb_store(options, at(0));
  }

  /// Changes bytes behind the store's back; it must be closed.
  void write_raw(family where, std::string_view key, const std::string& value) {
    auto db = rocksdb_database::open(harness.directory.path() / "store", false);
    ASSERT_TRUE(db) << db.error().message;
    rocksdb::WriteBatch batch;
    batch.Put((*db)->handle(where), slice_of(key), value);
    ASSERT_TRUE((*db)->write(batch, false).ok());
  }

  rocksdb_harness harness;
  store_user s{harness};
};

TEST_F(rocksdb_store_test, a_second_open_is_refused_as_busy) {
  harness.open(at(0));
  auto second = open_again();
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, errc::busy);
  EXPECT_NE(second.error().message.find(harness.options.directory.string()),
            std::string::npos);
}

TEST_F(rocksdb_store_test, only_logs_that_are_synced_are_written_ahead) {
  const auto log_bytes = [&](durability how) {
    rocksdb_harness mine;
    mine.options.durability = how;
    mine.open(at(0));
    store_user user{mine};
    user.enqueue(make_run(1));
    std::uintmax_t bytes = 0;
    for (const auto& file :
         std::filesystem::directory_iterator{mine.options.directory})
      if (file.path().extension() == ".log")
        bytes += file.file_size();
    return bytes;
  };
  EXPECT_LT(log_bytes(durability::async), 10'000U);
  if (best_logs_in(harness.directory.path()) == log_files::prepared) {
    EXPECT_GT(log_bytes(durability::sync), 200'000U);
  }
}

TEST_F(rocksdb_store_test, a_newer_format_is_refused) {
  harness.open(at(0));
  harness.die();
  write_raw(family::meta, "format", std::to_string(keys::format_version + 1));
  auto opened = open_again();
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, errc::format_too_new);
}

TEST_F(rocksdb_store_test, an_older_format_is_raised_when_it_is_opened) {
  harness.open(at(0));
  s.enqueue(make_run(1));
  harness.die();
  write_raw(family::meta, "format", "1");
  harness.open(at(0));
  EXPECT_EQ(s.get(id_of(1)), make_run(1));
  harness.die();
  auto db = rocksdb_database::open(harness.directory.path() / "store", true);
  ASSERT_TRUE(db);
  EXPECT_EQ((*db)->get(family::meta, keys::format).value(),
            std::to_string(keys::format_version));
}

TEST_F(rocksdb_store_test, a_damaged_format_stamp_is_refused) {
  harness.open(at(0));
  harness.die();
  write_raw(family::meta, "format", "new");
  EXPECT_EQ(open_again().error().code, errc::store_corrupt);
}

TEST_F(rocksdb_store_test, a_directory_with_other_files_is_left_alone) {
  auto directory = harness.directory.path() / "store";
  std::filesystem::create_directories(directory);
  std::ofstream{directory / "letter.txt"} << "dear ann";
  auto opened = open_again();
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, errc::store_corrupt);
  EXPECT_NE(opened.error().message.find(directory.string()), std::string::npos);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator{directory}, {}),
            1);
}

TEST_F(rocksdb_store_test, another_programs_rocksdb_is_left_alone) {
  auto directory = (harness.directory.path() / "store").string();
  rocksdb::Options options;
  options.create_if_missing = true;
  rocksdb::DB* raw = nullptr;
  ASSERT_TRUE(rocksdb::DB::Open(options, directory, &raw).ok());
  raw->Put({}, "key", "value");
  delete raw;
  EXPECT_EQ(open_again().error().code, errc::store_corrupt);
  std::vector<std::string> families;
  rocksdb::DB::ListColumnFamilies(options, directory, &families);
  EXPECT_EQ(families.size(), 1U);
}

TEST_F(rocksdb_store_test, a_place_that_cannot_be_made_is_an_error) {
  std::ofstream{harness.directory.path() / "store"} << "a file";
  auto opened = open_again();
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, errc::io);
}

TEST_F(rocksdb_store_test, a_damaged_run_is_named_and_harms_nobody_else) {
  harness.open(at(0));
  s.must(command::enqueue{{make_run(1), make_run(2)}});
  harness.die();
  write_raw(family::runs, keys::run(id_of(1)), "garbage");
  harness.open(at(0));
  auto found = harness.get().find_run(id_of(1));
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, errc::store_corrupt);
  EXPECT_NE(found.error().message.find("72"), std::string::npos);
  EXPECT_EQ(s.refusal(command::cancel{id_of(1), "", at(0)}),
            errc::store_corrupt);
  auto taken = s.claim(2);
  ASSERT_EQ(taken.size(), 1U);
  EXPECT_EQ(taken[0].id, id_of(2));
}

TEST_F(rocksdb_store_test, a_damaged_run_that_is_all_there_is_ends_no_claim) {
  harness.open(at(0));
  s.enqueue(make_run(1));
  harness.die();
  write_raw(family::runs, keys::run(id_of(1)), "garbage");
  harness.open(at(0));
  const auto came = s.must(command::claim{"me", 1, at(1)});
  EXPECT_TRUE(came.runs.empty());
  ASSERT_EQ(came.unread.size(), 1U);
  EXPECT_NE(came.unread[0].message.find(id_of(1).to_string()),
            std::string::npos);
  s.enqueue(make_run(2));
  EXPECT_EQ(s.claim().size(), 1U);
}

TEST_F(rocksdb_store_test, looks_at_so_much_at_once_when_it_expires) {
  harness.open(at(0));
  for (std::uint32_t i = 1; i <= 1'100; ++i) {
    s.enqueue(make_run(i));
    s.finish(s.claim().at(0), outcome_kind::crashed);
    s.must(command::discard{id_of(i), "no use", at(2)});
  }
  const command::expire sweep{{}, at(10), 1'000};
  EXPECT_EQ(s.must(sweep).count, sweep.limit) << "there is more to look at";
  EXPECT_LT(s.must(sweep).count, sweep.limit);
  EXPECT_FALSE(s.history({}).empty()) << "none was old enough";
}

TEST_F(rocksdb_store_test, a_damaged_cursor_keeps_it_from_opening) {
  harness.open(at(0));
  s.enqueue(make_run(1));
  harness.die();
  write_raw(family::meta, keys::cursor(0), "\xff");
  auto opened = open_again();
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, errc::store_corrupt);
}

TEST_F(rocksdb_store_test, a_row_that_nothing_stands_behind_is_dropped) {
  harness.open(at(0));
  s.enqueue(make_run(1));
  harness.die();
  write_raw(family::runs, keys::ready(0, make_run(0)),
            keys::encode_brief(0, run_state::available));
  harness.open(at(0));
  EXPECT_EQ(s.claim(5).size(), 1U);
}

TEST_F(rocksdb_store_test, a_row_of_another_queue_than_its_run_is_dropped) {
  harness.open(at(0));
  s.enqueue(make_run(1));
  auto other = make_run(2);
  other.queue = "other";
  s.enqueue(other);
  harness.die();
  write_raw(family::runs, keys::ready(0, other),
            keys::encode_brief(0, run_state::available));
  harness.open(at(0));
  for (const auto& one : s.claim(5))
    s.finish(one);
  EXPECT_EQ(s.get(other.id).state, run_state::completed);
  const auto seen = harness.get().statistics();
  ASSERT_TRUE(seen);
  for (const auto& queue : seen->queues)
    for (const auto& [state, count] : queue.live)
      EXPECT_EQ(count, 0U) << queue.queue << ' '
                           << word_of(run_state_words, state);
}

TEST_F(rocksdb_store_test, unknown_fields_outlive_a_change_of_the_run) {
  harness.open(at(0));
  s.enqueue(make_run(1));
  harness.die();
  const std::string future{"\xc2\x3e\x03new", 6};
  write_raw(family::runs, keys::run(id_of(1)),
            codec::encode(codec::stored_run{make_run(1), 0, false, future}));
  harness.open(at(0));
  s.finish(s.claim().at(0));
  harness.die();
  auto db = rocksdb_database::open(harness.directory.path() / "store", false);
  auto bytes = (*db)->get(family::runs, keys::run(id_of(1))).value().value();
  auto stored = codec::decode_run(id_of(1), bytes);
  EXPECT_EQ(stored->run.state, run_state::completed);
  EXPECT_EQ(stored->unknown, future);
}

TEST_F(rocksdb_store_test, a_failed_sync_poisons) {
  bool broken = false;
  harness.options.before_sync = [&]() -> result<void> {
    return broken ? result<void>{fail(errc::io, "no more disk")}
                  : result<void>{};
  };
  harness.open(at(0));
  s.enqueue(make_run(1));
  EXPECT_TRUE(harness.get().persist(s.last->number, durability::sync));
  broken = true;
  s.enqueue(make_run(2));
  const auto failed = harness.get().persist(s.last->number, durability::sync);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, errc::store_failed);
  EXPECT_NE(failed.error().message.find("no more disk"), std::string::npos);
  broken = false;
  EXPECT_EQ(s.refusal(command::enqueue{{make_run(3)}}), errc::store_failed);
  EXPECT_FALSE(harness.get().persist(s.last->number, durability::sync));
  s.reopen();
  s.enqueue(make_run(3));
}

TEST_F(rocksdb_store_test, claims_are_counted_though_they_write_no_counters) {
  harness.open(at(0));
  for (std::uint64_t i = 1; i <= 4; ++i)
    s.enqueue(make_run(i));
  s.claim(1);
  s.finish(s.claim(1).at(0)); // its counters hold the first claim too
  s.claim(1);
  harness.die();
  rocksdb_options beside = harness.options;
  beside.read_only = true;
  const auto seen = open_rocksdb_store(beside, at(5));
  ASSERT_TRUE(seen) << seen.error().message;
  const auto counts = seen->store->statistics_by_job();
  ASSERT_TRUE(counts);
  ASSERT_EQ(counts->size(), 1U);
  EXPECT_EQ(counts->front().live.at(run_state::running), 2U);
  EXPECT_EQ(counts->front().live.at(run_state::available), 1U);
  EXPECT_EQ(counts->front().last_started_at, at(1));
  const auto queues = seen->store->statistics();
  ASSERT_TRUE(queues);
  EXPECT_EQ(queues->queues.at(0).live.at(run_state::running), 2U);
  EXPECT_EQ(queues->queues.at(0).live.at(run_state::available), 1U);
}

TEST_F(rocksdb_store_test, claims_after_a_restart_are_counted_too) {
  harness.open(at(0));
  s.enqueue(make_run(1));
  s.enqueue(make_run(2));
  s.finish(s.claim().at(0)); // its counters hold the first claim
  s.reopen();
  s.claim(); // the first one of this life, and no counters with it
  s.reopen();
  EXPECT_EQ(harness.found.recovered.size(), 1U);
  EXPECT_EQ(s.of_job("job").live,
            (std::map<run_state, std::uint64_t>{{run_state::available, 1}}));
  s.finish(s.claim().at(0));
  EXPECT_TRUE(s.of_job("job").live.empty());
}

TEST_F(rocksdb_store_test, a_failed_write_shows_nothing_and_poisons) {
  bool broken = false;
  harness.options.before_write = [&]() -> result<void> {
    if (broken)
      return fail(errc::io, "no more disk");
    return {};
  };
  harness.open(at(0));
  s.enqueue(make_run(1));
  auto taken = s.claim().at(0);
  broken = true;
  std::vector<any_command> batch{
      finish_of(taken.id, make_attempt(taken, outcome_kind::succeeded, at(2))),
      command::enqueue{{make_run(2, "new")}}};
  auto report = harness.get().apply(batch, durability::sync);
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, errc::store_failed);
  EXPECT_EQ(s.get(taken.id).state, run_state::running);
  EXPECT_FALSE(harness.get().find_run(id_of(2)));
  EXPECT_EQ(s.of_job("job").live.at(run_state::running), 1U);
  EXPECT_TRUE(s.history().empty());
  broken = false;
  auto later = s.apply(command::enqueue{{make_run(3)}});
  ASSERT_FALSE(later);
  EXPECT_EQ(later.error().code, errc::store_failed);
  EXPECT_NE(later.error().message.find("no more disk"), std::string::npos);
  s.reopen();
  EXPECT_EQ(harness.found.recovered.size(), 1U);
  s.enqueue(make_run(3));
}

/// A disk that takes a large batch only when it is told to, so that what is
/// begun meanwhile has to wait behind it.
class slow_write : public rocksdb_store_test {
protected:
  void SetUp() override {
    harness.options.before_write = [this]() -> result<void> {
      if (held.exchange(false))
        all_begun.get_future().wait();
      if (broken)
        return fail(errc::io, "no more disk");
      return {};
    };
    harness.open(at(0));
  }

  result<commit_report> begin(any_command what) {
    return harness.get().begin({&what, 1});
  }

  result<commit_report> begin_large() {
    held = true;
    command::enqueue many;
    for (std::uint64_t i = 0; i < 1'000; ++i)
      many.runs.push_back(make_run(1'000 + i));
    return begin(std::move(many));
  }

  std::atomic<bool> held{false};
  std::atomic<bool> broken{false};
  std::promise<void> all_begun;
};

TEST_F(slow_write, readers_see_what_was_begun_when_it_is_written) {
  ASSERT_TRUE(begin_large());
  const auto begun = begin(command::enqueue{{make_run(1)}});
  ASSERT_TRUE(begun);
  EXPECT_FALSE(harness.get().find_run(id_of(1)));
  const auto claimed = begin(command::claim{"me", 2'000, at(1)});
  ASSERT_TRUE(claimed);
  EXPECT_EQ(claimed->replies[0]->runs.size(), 1'001U)
      << "the next batch sees it";
  all_begun.set_value();
  const auto far = harness.get().persist(begun->number, durability::sync);
  ASSERT_TRUE(far);
  EXPECT_GE(*far, begun->number);
  EXPECT_TRUE(harness.get().find_run(id_of(1)));
  ASSERT_TRUE(harness.get().persist(claimed->number, durability::async));
  EXPECT_EQ(s.get(id_of(1)).state, run_state::running);
}

TEST_F(slow_write, that_fails_ends_what_was_begun_behind_it) {
  const auto good = begin(command::enqueue{{make_run(1)}});
  ASSERT_TRUE(good);
  ASSERT_TRUE(harness.get().persist(good->number, durability::async));
  const auto bad = begin_large();
  const auto behind = begin(command::enqueue{{make_run(3)}});
  ASSERT_TRUE(bad && behind) << "nothing is written yet";
  broken = true;
  all_begun.set_value();
  const auto refused = harness.get().persist(bad->number, durability::async);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, errc::store_failed);
  broken = false;
  EXPECT_FALSE(harness.get().persist(behind->number, durability::async));
  EXPECT_TRUE(harness.get().persist(good->number, durability::async))
      << "it was written before";
  EXPECT_FALSE(harness.get().find_run(id_of(3)));
  EXPECT_EQ(begin(command::enqueue{{make_run(4)}}).error().code,
            errc::store_failed);
  s.reopen();
  EXPECT_EQ(s.get(id_of(1)).state, run_state::available);
  EXPECT_FALSE(harness.get().find_run(id_of(1'000)));
}

TEST_F(rocksdb_store_test, a_small_batch_is_written_when_it_is_begun) {
  harness.open(at(0));
  any_command what = command::enqueue{{make_run(1)}};
  ASSERT_TRUE(harness.get().begin({&what, 1}));
  EXPECT_TRUE(harness.get().find_run(id_of(1)));
}

TEST_F(slow_write, that_is_small_and_fails_is_never_acknowledged) {
  broken = true;
  const auto bad = begin(command::enqueue{{make_run(1)}});
  broken = false;
  ASSERT_TRUE(bad) << "carried out, but not written";
  EXPECT_FALSE(harness.get().find_run(id_of(1)));
  const auto refused = harness.get().persist(bad->number, durability::async);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, errc::store_failed);
  EXPECT_EQ(begin(command::enqueue{{make_run(2)}}).error().code,
            errc::store_failed);
}

TEST_F(rocksdb_store_test, what_was_begun_is_written_when_the_store_ends) {
  harness.open(at(0));
  any_command what = command::enqueue{{make_run(1)}};
  ASSERT_TRUE(harness.get().begin({&what, 1}));
  s.reopen();
  EXPECT_EQ(s.get(id_of(1)).state, run_state::available);
}

TEST_F(rocksdb_store_test, large_batches_are_written_beside_the_next) {
  harness.open(at(0));
  std::uint64_t last = 0;
  for (std::uint64_t batch = 0; batch < 20; ++batch) {
    command::enqueue many;
    for (std::uint64_t i = 0; i < 500; ++i)
      many.runs.push_back(make_run(batch * 500 + i + 1));
    any_command what{std::move(many)};
    const auto begun = harness.get().begin({&what, 1});
    ASSERT_TRUE(begun);
    last = begun->number;
  }
  EXPECT_EQ(s.claim(20'000).size(), 10'000U);
  EXPECT_EQ(harness.get().persist(last, durability::sync), last + 1);
  EXPECT_EQ(s.of_job("job").live.at(run_state::running), 10'000U);
}

TEST_F(rocksdb_store_test, little_space_refuses_new_work_only) {
  std::uint64_t space = std::uint64_t{1} << 40;
  harness.options.free_bytes = [&] { return space; };
  harness.open(at(0));
  s.enqueue(make_run(1));
  space = 100 << 20;
  s.reopen();
  auto refused = s.apply(command::enqueue{{make_run(2)}});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, errc::busy);
  EXPECT_NE(refused.error().message.find("100 MiB free"), std::string::npos);
  EXPECT_NE(refused.error().message.find("256 MiB"), std::string::npos);
  EXPECT_EQ(s.refusal(command::fire{{}, at(0)}), errc::busy);
  s.finish(s.claim().at(0));
}

TEST_F(rocksdb_store_test, a_reader_sees_a_running_servers_runs) {
  harness.open(at(0));
  s.must(command::enqueue{{make_run(1), make_run(2), make_run(3)}});
  auto taken = s.claim(2);
  s.finish(taken.at(0));
  auto reader = open_again(true);
  ASSERT_TRUE(reader) << reader.error().message;
  EXPECT_TRUE(reader->recovered.empty());
  EXPECT_EQ(reader->store->find_run(taken[1].id).value(), taken[1]);
  EXPECT_EQ(reader->store->list_runs({std::nullopt, {}, 9})->size(), 3U);
  EXPECT_EQ(reader->store->list_history({})->size(), 1U);
  any_command change = command::enqueue{{make_run(4)}};
  EXPECT_EQ(reader->store->apply({&change, 1}, durability::sync).error().code,
            errc::unsupported);
  s.finish(taken[1]);
}

TEST_F(rocksdb_store_test, a_reader_of_nothing_is_an_error) {
  auto reader = open_again(true);
  ASSERT_FALSE(reader);
  EXPECT_EQ(reader.error().code, errc::io);
}

TEST_F(rocksdb_store_test, parked_runs_are_few_in_memory_and_all_come_back) {
  harness.open(at(0));
  constexpr std::uint64_t count = 3'000;
  std::vector<run> many;
  for (std::uint64_t i = 0; i < count; ++i) {
    many.push_back(make_run(i));
    many.back().serial = true;
  }
  s.must(command::enqueue{many});
  for (std::uint64_t i = 0; i < count; ++i) {
    auto taken = s.claim(5);
    for (int more = 0; taken.empty() && more < 5; ++more)
      taken = s.claim(5);
    ASSERT_EQ(taken.size(), 1U) << i;
    ASSERT_EQ(taken[0].id, id_of(i));
    s.finish(taken[0]);
    if (i == 1'000)
      s.reopen();
  }
  EXPECT_TRUE(s.claim(5).empty());
}

TEST_F(rocksdb_store_test, opening_does_not_cross_what_was_worked_off) {
  harness.open(at(0));
  constexpr std::uint64_t rounds = 30;
  for (std::uint64_t i = 0; i < rounds; ++i) {
    std::vector<run> some;
    for (std::uint64_t j = 0; j < 500; ++j)
      some.push_back(make_run(i * 500 + j));
    s.must(command::enqueue{some});
    std::vector<any_command> ends;
    for (const auto& one : s.claim(500))
      ends.push_back(
          finish_of(one.id, make_attempt(one, outcome_kind::succeeded, at(2))));
    ASSERT_TRUE(harness.get().apply(ends, durability::async));
  }
  harness.die();
  auto db = rocksdb_database::open(harness.directory.path() / "store", false);
  ASSERT_TRUE(db);
  auto mark = (*db)
                  ->get(family::meta, keys::low_water(keys::ready_prefix(0)))
                  .value();
  ASSERT_TRUE(mark);
  EXPECT_GE(keys::trailing_id(*mark), id_of(rounds * 500 - 10'500));
}

class newest_run : public rocksdb_store_test,
                   public ::testing::WithParamInterface<std::uint64_t> {};

/// Where the greatest ids were, rows are gone: few, or more than opening looks
/// at.
TEST_P(newest_run, is_known_when_later_ones_have_expired) {
  harness.open(at(0));
  for (std::uint64_t i = 0; i < GetParam(); ++i)
    s.enqueue(make_run(100'000 + i));
  std::vector<any_command> ends;
  for (const auto& one : s.claim(static_cast<std::uint32_t>(GetParam())))
    ends.push_back(
        finish_of(one.id, make_attempt(one, outcome_kind::succeeded, at(2))));
  ASSERT_TRUE(harness.get().apply(ends, durability::async));
  s.enqueue(make_run(7));
  command::expire all;
  all.keep.completed = milliseconds{1};
  all.now = at(1'000);
  all.limit = 100'000;
  s.must(all);
  s.reopen();
  ASSERT_EQ(s.list({}).size(), 1U);
  EXPECT_EQ(s.enqueue(make_run(7)).duplicates, std::vector{true});
  for (const std::uint64_t number : {8U, 6U}) {
    EXPECT_EQ(s.enqueue(make_run(number)).duplicates, std::vector{false});
    EXPECT_EQ(s.enqueue(make_run(number)).duplicates, std::vector{true});
  }
}

INSTANTIATE_TEST_SUITE_P(expired, newest_run, ::testing::Values(3, 3'000));

TEST_F(rocksdb_store_test, readers_beside_the_writer_see_whole_runs) {
  harness.open(at(0));
  std::atomic<bool> stop = false;
  std::thread reader{[&] {
    while (!stop) {
      auto all = harness.get().list_runs({std::nullopt, {}, 50});
      ASSERT_TRUE(all);
      for (const auto& one : *all)
        ASSERT_EQ(one.state == run_state::running,
                  one.started_at.has_value() && !one.finished_at);
      ASSERT_TRUE(harness.get().list_history({}));
      ASSERT_TRUE(harness.get().list_ticks({}));
      ASSERT_TRUE(harness.get().statistics());
      ASSERT_TRUE(harness.get().statistics_by_job());
    }
  }};
  for (std::uint64_t i = 0; i < 300; ++i) {
    s.must(command::enqueue{{make_run(2 * i), make_run(2 * i + 1, "b")}});
    for (const auto& one : s.claim(2))
      s.finish(one);
  }
  stop = true;
  reader.join();
}

} // namespace
} // namespace jobq::test
