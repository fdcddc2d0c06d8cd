#pragma once

#include <cstdint>
#include <map>
#include <string>

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

  /// The files that are as the table has them, or as they were to be left.
  std::int64_t processed() const noexcept {
    return inserted + updated + unchanged + skipped;
  }

  /// Every member by its name.
  std::map<std::string, std::int64_t> by_name() const;

  /// In words: `3 files found, 1 inserted, 2 unchanged`.
  /// @param change false: says that nothing was changed
  std::string summary(bool change) const;
};

} // namespace jobq
