#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "jobs/error.hpp"
#include "jobs/run.hpp"
#include "queue/store.hpp"

namespace jobq {

struct rocksdb_options {
  std::filesystem::path directory; ///< created when absent
  /// A read-only store refuses `apply`, takes no lock and may be opened beside
  /// a server; it sees what was committed before it was opened.
  bool read_only = false;
};

/// What opening found.
struct opened_store {
  std::unique_ptr<store> store;
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
