#pragma once

#include <string>
#include <vector>

#include "extensions/content/sync_counts.hpp"
#include "extensions/content/sync_observer.hpp"
#include "extensions/database/database.hpp"
#include "jobs/content_source.hpp"
#include "jobs/time.hpp"

namespace jobq {

/// How to sync.
struct sync_options {
  bool delete_missing = false;
  bool change = true; ///< false: count only
  time_point now{};   ///< becomes `updated_at`
};

/// What came of one source.
struct sync_report {
  sync_counts counts;
  std::vector<std::string> faults; ///< `path:line: reason`
  bool stopped = false;            ///< then nothing of it was changed
};

/// Syncs one source in one transaction. Tells the observer everything but
/// faults and the source's begin and end. Throws `database_error`.
sync_report sync_source(database& db, const content_source& source,
                        const sync_options& options, sync_observer& observer);

} // namespace jobq
