#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <rocksdb/db.h>
#include <rocksdb/wal_filter.h>
#include <rocksdb/write_batch.h>

#include "jobs/error.hpp"
#include "queue/prepared_log.hpp"

namespace jobq {

/// The column families, in the order of `database::handles_`.
enum class family : std::size_t { meta, runs, history };

inline rocksdb::Slice slice_of(std::string_view text) {
  return {text.data(), text.size()};
}

/// An open RocksDB with our column families and a checked format. Reads may
/// come from any thread; writes from one at a time.
class rocksdb_database {
public:
  /// @param logs how its logs are written; nothing: as is best there
  /// @param files where they are; null: those of the operating system
  /// @returns `busy`, `format_too_new`, `store_corrupt` or `io`, each naming
  ///   the directory
  static result<std::unique_ptr<rocksdb_database>>
  open(const std::filesystem::path& directory, bool read_only,
       std::optional<log_files> logs = {},
       std::shared_ptr<rocksdb::FileSystem> files = {});

  ~rocksdb_database();
  rocksdb_database(const rocksdb_database&) = delete;
  rocksdb_database& operator=(const rocksdb_database&) = delete;

  /// @returns the value, or `nullopt` where there is none
  result<std::optional<std::string>> get(family where,
                                         std::string_view key) const;

  rocksdb::Status write(rocksdb::WriteBatch& batch, bool sync);

  /// Puts on the disk what was written before the call. From any thread.
  rocksdb::Status sync() { return db_->SyncWAL(); }

  rocksdb::ColumnFamilyHandle* handle(family where) const {
    return handles_[static_cast<std::size_t>(where)];
  }

  const std::filesystem::path& directory() const { return directory_; }
  error error_of(const rocksdb::Status& status) const;

private:
  friend class scan;
  explicit rocksdb_database(std::filesystem::path directory)
      : directory_{std::move(directory)} {}
  result<void> start(bool read_only, std::optional<log_files> logs,
                     std::shared_ptr<rocksdb::FileSystem> files);
  result<void> check_families() const;
  result<void> check_format(bool read_only);
  result<void> write_stamp();
  std::vector<rocksdb::ColumnFamilyDescriptor> descriptors() const;

  std::filesystem::path directory_;
  std::unique_ptr<rocksdb::Env> env_;          ///< of `db_`
  std::unique_ptr<rocksdb::WalFilter> replay_; ///< of `db_`
  std::unique_ptr<rocksdb::DB> db_;
  std::vector<rocksdb::ColumnFamilyHandle*> handles_;
};

enum class direction { forward, backward };

/// A look over the keys in [from, end), never outside: keys that were deleted
/// before `from` cost nothing. Sees the state of the moment it was made.
class scan {
public:
  /// @param most_deleted it gives up when it has to step over more rows than
  ///   that which are not there any more; 0: never
  scan(const rocksdb_database& db, family where, std::string from,
       std::string end, direction way = direction::forward,
       std::uint64_t most_deleted = 0);

  bool valid() const { return it_->Valid(); }
  std::string_view key() const { return view(it_->key()); }
  std::string_view value() const { return view(it_->value()); }
  void next() { way_ == direction::forward ? it_->Next() : it_->Prev(); }

  /// Goes to the nearest key that is not before `key` on this way.
  void seek(std::string_view key);

  bool gave_up() const { return it_->status().IsIncomplete(); }

  /// Why it ended: nothing more, or a read that failed.
  result<void> status() const;

private:
  static std::string_view view(const rocksdb::Slice& s) {
    return {s.data(), s.size()};
  }

  const rocksdb_database& db_;
  std::string from_;
  std::string end_;
  rocksdb::Slice lower_;
  rocksdb::Slice upper_;
  direction way_;
  std::unique_ptr<rocksdb::Iterator> it_;
};

/// `store_corrupt`, naming the key in hexadecimal.
tl::unexpected<error> corrupt(std::string_view key);

} // namespace jobq
