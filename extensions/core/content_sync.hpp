#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "extensions/core/content_store.hpp"
#include "extensions/core/core_jobs.hpp"

namespace jobq {

/// What came of the files of one source, or of several.
struct sync_counts {
  std::int64_t found = 0;
  std::int64_t inserted = 0;
  std::int64_t updated = 0;
  std::int64_t unchanged = 0;
  std::int64_t skipped = 0; ///< differ, but the source does not override
  std::int64_t deleted = 0;
  std::int64_t failed = 0;

  sync_counts& operator+=(const sync_counts& other);
};

/// How to sync.
struct sync_options {
  bool delete_missing = false;
  bool change = true; ///< false: count only
};

/// What came of one source.
struct sync_report {
  sync_counts counts;
  std::vector<std::string> faults; ///< `path:line: reason`
  bool stopped = false;            ///< then nothing of it was changed
};

/// Syncs one source in one transaction. Throws `database_error`.
sync_report sync_source(core_call& call, const content_source& source,
                        const sync_options& options);

} // namespace jobq
