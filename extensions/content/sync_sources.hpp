#pragma once

#include <string>
#include <vector>

#include "extensions/content/content_sync.hpp"

namespace jobq {

/// What came of several sources.
struct sync_totals {
  sync_counts counts;
  std::string first_fault; ///< empty: none
  bool stopped = false;    ///< the sources before the stop are in the counts

  /// Whether files were found and none of them was any good.
  bool all_failed() const noexcept {
    return !stopped && counts.failed > 0 && counts.processed() == 0;
  }

  /// The counts in words, with the first fault.
  std::string summary(bool change) const;
};

/// Syncs sources one after the other, each in a transaction of its own. The
/// sources have different ids. Throws `database_error`.
sync_totals sync_sources(database& db,
                         const std::vector<const content_source*>& sources,
                         const sync_options& options, sync_observer& observer);

} // namespace jobq
