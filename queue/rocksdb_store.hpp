#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "jobs/error.hpp"
#include "jobs/run.hpp"
#include "queue/store.hpp"

namespace rocksdb {
class FileSystem;
} // namespace rocksdb

namespace jobq {

struct rocksdb_options {
  std::filesystem::path directory; ///< created when absent
  /// A read-only store refuses `apply`, takes no lock and may be opened beside
  /// a server; it sees what was committed before it was opened.
  bool read_only = false;
  /// With less than this free, `enqueue` and `fire` are refused as `busy` while
  /// everything that lets work end goes on: running out of space in the middle
  /// of a write can cost the process.
  std::uint64_t min_free_bytes = 256 << 20;

  /// `async`: no commit waits for the disk, so that a power cut may take the
  /// latest with it; the death of the process takes nothing.
  jobq::durability durability = jobq::durability::sync;

  /// A run that can't be read is passed over, and tried again after this.
  std::chrono::milliseconds retry_unread = std::chrono::minutes{10};

  /// Seams for tests and measurements. How much is free on the store's disk
  /// (asked at most once a second); and a word before every write, whose error
  /// counts as the disk's. Empty: the real ones. Then what was written, as
  /// RocksDB serializes a batch, and whether it was synced.
  std::function<std::uint64_t()> free_bytes;
  std::function<result<void>()> before_write;
  std::function<void(const std::string& bytes, bool synced)> after_write;
  /// A word before every sync of its own, whose error counts as the disk's, and
  /// one after it.
  std::function<result<void>()> before_sync;
  std::function<void()> after_sync;
  /// The files that RocksDB sees.
  std::shared_ptr<rocksdb::FileSystem> files;
};

/// What opening found.
struct opened_store {
  std::unique_ptr<jobq::store> store;
  /// Runs that were `running` when the last owner died, after their attempt was
  /// ended as `crashed` (committed before `open` returns).
  std::vector<run> recovered;
  std::vector<completion> completions; ///< those of them that became final
};

/// Opens a store in RocksDB and recovers what a dead engine left behind.
/// @param now the instant that recovered attempts end with
/// @returns `busy` when another process holds it, `format_too_new`,
///   `store_corrupt`, or `io`, each naming the directory.
result<opened_store> open_rocksdb_store(const rocksdb_options& options,
                                        time_point now);

} // namespace jobq
