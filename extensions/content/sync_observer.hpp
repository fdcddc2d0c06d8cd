#pragma once

#include <cstddef>
#include <string>

#include "extensions/content/sync_counts.hpp"
#include "jobs/content_source.hpp"

namespace jobq {

/// The two passes of a sync over the files of a source.
enum class sync_pass {
  reading, ///< each file found is compared to its row
  writing  ///< each file that differs is stored
};

/// What the first pass decides to do with a file.
enum class sync_change { insert, update };

/// How far a sync is within one pass.
struct sync_progress {
  sync_pass pass;
  std::size_t done;        ///< files, the one at hand included
  std::size_t total;       ///< files of the pass
  const std::string& path; ///< of the file at hand, relative to its source
};

/// Who runs a sync: asked whether to go on, and told what happens. All calls
/// come on the sync's thread.
class sync_observer {
public:
  virtual ~sync_observer() = default;

  /// Asked before each source and every few files.
  virtual bool stop_requested() = 0;
  /// Something odd that is no fault. One line.
  virtual void warned(const std::string& line) = 0;
  /// A fault, told when its source is done: `path:line: reason`.
  virtual void failed(const std::string& line) = 0;

  virtual void source_began(const content_source&) {}
  /// @param total of all sources so far
  virtual void source_ended(const sync_counts& /*total*/) {}
  /// What will be done with a file, or would be if changes were allowed.
  virtual void decided(sync_change, const content_source&,
                       const std::string& /*path*/) {}
  virtual void progressed(const content_source&, const sync_progress&) {}
};

} // namespace jobq
