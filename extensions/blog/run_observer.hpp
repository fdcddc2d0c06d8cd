#pragma once

#include <cstddef>
#include <string>

#include <jobq_extension.hpp>

#include "extensions/blog/progress_pace.hpp"
#include "extensions/content/sync_observer.hpp"

namespace blog {

/// Sets the run's counters and items.
void report_counts(const jobq::extension::context& run,
                   const jobq::sync_counts& counts);

/// Tells a run what a sync does: faults to its log, counts after each source,
/// progress after each file. Sources have equal shares in the progress.
class run_observer final : public jobq::sync_observer {
public:
  /// @param change false: what would be done goes to the log as well
  run_observer(const jobq::extension::context& run, std::size_t sources,
               bool change)
      : run_{run}, sources_{sources}, change_{change} {}

  bool stop_requested() override { return run_.stop_requested(); }
  void warned(const std::string& line) override;
  void failed(const std::string& line) override;
  void source_ended(const jobq::sync_counts& total) override;
  void decided(jobq::sync_change what, const jobq::content_source& source,
               const std::string& path) override;
  void progressed(const jobq::content_source& source,
                  const jobq::sync_progress& at) override;

private:
  double share_done(const jobq::sync_progress& at) const;

  const jobq::extension::context& run_;
  const std::size_t sources_;
  const bool change_;
  std::size_t ended_ = 0;
  progress_pace pace_;
};

} // namespace blog
