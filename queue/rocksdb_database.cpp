#include "queue/rocksdb_database.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <thread>

#include <rocksdb/env.h>
#include <rocksdb/file_system.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/perf_level.h>
#include <rocksdb/slice_transform.h>
#include <rocksdb/table.h>

#include "queue/gapless_replay.hpp"
#include "queue/keys.hpp"

namespace jobq {
namespace {

namespace fs = std::filesystem;

constexpr std::array<const char*, 3> family_names{"default", "runs", "history"};

// A running server may drop files between our listing and opening them.
constexpr int read_only_tries = 20;
constexpr auto read_only_pause = std::chrono::milliseconds{50};

rocksdb::DBOptions db_options() {
  rocksdb::DBOptions o;
  o.create_if_missing = true;
  o.create_missing_column_families = true;
  o.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
  o.recycle_log_file_num = 0;                // not safe in 7.8
  o.allow_concurrent_memtable_write = false; // there is exactly one writer
  o.enable_write_thread_adaptive_yield = false;
  o.max_total_wal_size = 96 << 20; // a quiet family must not pin old logs
  o.bytes_per_sync = 1 << 20;
  o.max_background_jobs = 2;
  o.max_open_files = 512;
  // The header's default depends on our own NDEBUG.
  o.info_log_level = rocksdb::InfoLogLevel::WARN_LEVEL;
  o.keep_log_file_num = 5;
  return o;
}

rocksdb::ColumnFamilyOptions
family_options(const std::shared_ptr<rocksdb::Cache>& cache) {
  rocksdb::ColumnFamilyOptions o;
  o.write_buffer_size = 32 << 20;
  // While a queue moves on, its head and its tail are rewritten, and what lies
  // between has to be merged with them: the less often and the less of it, the
  // better. Small files also need less memory: a file's filter is built from
  // all its keys.
  o.level0_file_num_compaction_trigger = 8;
  o.max_bytes_for_level_base = 32 << 20;
  o.target_file_size_base = 4 << 20;
  o.target_file_size_multiplier = 2; // from level to level
  o.compression = rocksdb::kLZ4Compression;
  // Where ids come in no order, an enqueue asks for one that is not there.
  o.memtable_whole_key_filtering = true;
  o.memtable_prefix_bloom_size_ratio = 0.02;
  // Rows of a kind mostly come in the order of their keys: the search for a
  // place begins where the last one of its kind ended.
  o.memtable_insert_with_hint_prefix_extractor.reset(
      rocksdb::NewFixedPrefixTransform(1));
  rocksdb::BlockBasedTableOptions t;
  t.block_cache = cache;
  // The writer reads rows that follow one another, and each block has an entry
  // in an index that is held in memory.
  t.block_size = 16 << 10;
  t.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  o.table_factory.reset(rocksdb::NewBlockBasedTableFactory(t));
  return o;
}

bool is_ours(const std::string& name) {
  return std::find(family_names.begin(), family_names.end(), name)
         != family_names.end();
}

bool is_lock_refusal(const rocksdb::Status& status) {
  return status.IsIOError()
         && status.ToString().find("lock ") != std::string::npos;
}

} // namespace

tl::unexpected<error> corrupt(std::string_view key) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string hex;
  for (auto c : key) {
    hex += digits[static_cast<unsigned char>(c) >> 4];
    hex += digits[static_cast<unsigned char>(c) & 15];
  }
  return fail(errc::store_corrupt,
              "the record under key " + hex
                  + " is damaged; put a backup of the store in its place, or "
                    "begin with an empty one: --data DIR");
}

result<std::unique_ptr<rocksdb_database>>
rocksdb_database::open(const fs::path& directory, bool read_only,
                       std::optional<log_files> logs,
                       std::shared_ptr<rocksdb::FileSystem> files) {
  std::unique_ptr<rocksdb_database> db{new rocksdb_database{directory}};
  if (auto ok = db->start(read_only, logs, std::move(files)); !ok)
    return tl::unexpected{ok.error()};
  return db;
}

rocksdb_database::~rocksdb_database() {
  for (auto* handle : handles_)
    db_->DestroyColumnFamilyHandle(handle);
}

error rocksdb_database::error_of(const rocksdb::Status& status) const {
  auto where = "store " + directory_.string() + ": ";
  if (is_lock_refusal(status))
    return {errc::busy, where + "another process has it open"};
  auto code = status.IsCorruption() ? errc::store_corrupt : errc::io;
  return {code, where + status.ToString()};
}

std::vector<rocksdb::ColumnFamilyDescriptor>
rocksdb_database::descriptors() const {
  auto cache = rocksdb::NewLRUCache(64 << 20);
  std::vector<rocksdb::ColumnFamilyDescriptor> all;
  for (const auto* name : family_names)
    all.emplace_back(name, family_options(cache));
  return all;
}

result<void>
rocksdb_database::start(bool read_only, std::optional<log_files> logs,
                        std::shared_ptr<rocksdb::FileSystem> files) {
  std::error_code ec;
  if (!read_only)
    fs::create_directories(directory_, ec);
  if (ec)
    return fail(errc::io,
                "can't create " + directory_.string() + ": " + ec.message());
  if (auto ok = check_families(); !ok)
    return ok;
  auto options = db_options();
  if (!files)
    files = rocksdb::FileSystem::Default();
  const bool prepares
      = !read_only
        && logs.value_or(best_logs_in(directory_)) == log_files::prepared;
  env_ = prepares ? make_prepared_logs(std::move(files))
                  : rocksdb::NewCompositeEnv(std::move(files));
  options.env = env_.get();
  const auto expect_replay = [&] {
    replay_ = make_gapless_replay();
    options.wal_filter = replay_.get();
  };
  rocksdb::DB* raw = nullptr;
  rocksdb::Status status;
  if (read_only) {
    options.create_if_missing = false;
    options.create_missing_column_families = false;
    for (int i = 0; i < read_only_tries; ++i) {
      expect_replay();
      status = rocksdb::DB::OpenForReadOnly(options, directory_.string(),
                                            descriptors(), &handles_, &raw);
      if (status.ok())
        break;
      std::this_thread::sleep_for(read_only_pause);
    }
  } else {
    expect_replay();
    status = rocksdb::DB::Open(options, directory_.string(), descriptors(),
                               &handles_, &raw);
  }
  if (!status.ok())
    return tl::unexpected{error_of(status)};
  db_.reset(raw);
  return check_format(read_only);
}

/// Nothing of a directory is touched that is not ours: neither one with other
/// files nor another program's RocksDB.
result<void> rocksdb_database::check_families() const {
  auto foreign = [&] {
    return fail(errc::store_corrupt, "store " + directory_.string()
                                         + ": holds something else than a jobq "
                                           "store");
  };
  std::error_code ec;
  if (!fs::exists(directory_ / "CURRENT", ec)) {
    fs::directory_iterator entries{directory_, ec};
    if (ec)
      return fail(errc::io,
                  "can't read " + directory_.string() + ": " + ec.message());
    for (const auto& entry : entries) {
      auto name = entry.path().filename().string();
      // Left by an open that died before it had created anything.
      if (name != "LOCK" && name != "IDENTITY" && !name.starts_with("LOG")
          && !name.starts_with("MANIFEST-") && !name.ends_with(".dbtmp")
          && !name.ends_with(".log"))
        return foreign();
    }
    return {};
  }
  std::vector<std::string> names;
  auto status = rocksdb::DB::ListColumnFamilies(db_options(),
                                                directory_.string(), &names);
  if (!status.ok())
    return tl::unexpected{error_of(status)};
  auto known = std::all_of(names.begin(), names.end(), is_ours);
  if (known && names.size() == family_names.size())
    return {};
  rocksdb::DB* raw = nullptr;
  rocksdb::Options options;
  options.info_log_level = rocksdb::InfoLogLevel::WARN_LEVEL;
  status = rocksdb::DB::OpenForReadOnly(options, directory_.string(), &raw);
  if (!status.ok())
    return tl::unexpected{error_of(status)};
  std::unique_ptr<rocksdb::DB> db{raw};
  std::string stamp;
  if (db->Get({}, slice_of(keys::format), &stamp).ok()) {
    unsigned version = 0;
    std::from_chars(stamp.data(), stamp.data() + stamp.size(), version);
    if (version > keys::format_version)
      return fail(errc::format_too_new,
                  "store " + directory_.string() + ": has format " + stamp
                      + "; this jobq knows formats up to "
                      + std::to_string(keys::format_version));
    return foreign();
  }
  std::unique_ptr<rocksdb::Iterator> it{db->NewIterator({})};
  it->SeekToFirst();
  return known && !it->Valid() ? result<void>{} : foreign();
}

result<void> rocksdb_database::check_format(bool read_only) {
  auto stamp = get(family::meta, keys::format);
  if (!stamp)
    return tl::unexpected{stamp.error()};
  auto where = "store " + directory_.string() + ": ";
  if (*stamp) {
    const auto& text = **stamp;
    unsigned version = 0;
    auto [end, ec]
        = std::from_chars(text.data(), text.data() + text.size(), version);
    if (ec != std::errc{} || end != text.data() + text.size() || version == 0)
      return fail(errc::store_corrupt, where + "its format stamp is damaged");
    if (version > keys::format_version)
      return fail(errc::format_too_new,
                  where + "has format " + text
                      + "; this jobq knows formats up to "
                      + std::to_string(keys::format_version));
    if (read_only || version == keys::format_version)
      return {};
    return write_stamp(); // from here on older programs would misread it
  }
  for (auto where_to : {family::meta, family::runs, family::history})
    if (scan all{*this, where_to, {}, {}}; all.valid())
      return fail(errc::store_corrupt, where + "has no format stamp");
  return read_only ? result<void>{} : write_stamp();
}

result<void> rocksdb_database::write_stamp() {
  rocksdb::WriteBatch batch;
  batch.Put(handle(family::meta), slice_of(keys::format),
            std::to_string(keys::format_version));
  if (auto status = write(batch, true); !status.ok())
    return tl::unexpected{error_of(status)};
  return {};
}

result<std::optional<std::string>>
rocksdb_database::get(family where, std::string_view key) const {
  std::string value;
  auto status = db_->Get({}, handle(where), slice_of(key), &value);
  if (status.IsNotFound())
    return std::nullopt;
  if (!status.ok())
    return tl::unexpected{error_of(status)};
  return value;
}

rocksdb::Status rocksdb_database::write(rocksdb::WriteBatch& batch, bool sync) {
  // Its counters are not read, and each comparison of keys would count.
  rocksdb::SetPerfLevel(rocksdb::PerfLevel::kDisable);
  rocksdb::WriteOptions options;
  options.sync = sync;
  return db_->Write(options, &batch);
}

scan::scan(const rocksdb_database& db, family where, std::string from,
           std::string end, direction way, std::uint64_t most_deleted)
    : db_{db}, from_{std::move(from)}, end_{std::move(end)}, lower_{from_},
      upper_{end_}, way_{way} {
  rocksdb::ReadOptions options;
  options.iterate_lower_bound = from_.empty() ? nullptr : &lower_;
  options.iterate_upper_bound = end_.empty() ? nullptr : &upper_;
  options.fill_cache = false;
  options.ignore_range_deletions = true; // there are none
  options.max_skippable_internal_keys = most_deleted;
  it_.reset(db.db_->NewIterator(options, db.handle(where)));
  if (way == direction::forward)
    it_->SeekToFirst();
  else
    it_->SeekToLast();
}

void scan::seek(std::string_view key) {
  if (way_ == direction::forward)
    it_->Seek(slice_of(key));
  else
    it_->SeekForPrev(slice_of(key));
}

result<void> scan::status() const {
  if (auto status = it_->status(); !status.ok())
    return tl::unexpected{db_.error_of(status)};
  return {};
}

} // namespace jobq
