#include "extensions/blog/run_observer.hpp"

namespace blog {

using jobq::extension::level;

void report_counts(const jobq::extension::context& run,
                   const jobq::sync_counts& counts) {
  for (const auto& [name, value] : counts.by_name())
    if (name != "deleted") // an ingestion deletes nothing
      run.counter(name, value);
  run.items(static_cast<std::uint64_t>(counts.processed()),
            static_cast<std::uint64_t>(counts.failed));
}

void run_observer::warned(const std::string& line) {
  run_.log(line, level::warning);
}

void run_observer::failed(const std::string& line) {
  run_.log(line, level::error);
}

void run_observer::source_ended(const jobq::sync_counts& total) {
  ++ended_;
  report_counts(run_, total);
}

void run_observer::decided(jobq::sync_change what,
                           const jobq::content_source& source,
                           const std::string& path) {
  if (change_)
    return;
  const auto* word = what == jobq::sync_change::insert ? "insert" : "update";
  run_.log(std::string{"would "} + word + " " + (source.path / path).string());
}

void run_observer::progressed(const jobq::content_source& source,
                              const jobq::sync_progress& at) {
  const auto fraction = (static_cast<double>(ended_) + share_done(at))
                        / static_cast<double>(sources_);
  if (pace_.due(fraction, progress_pace::clock::now()))
    run_.progress(fraction, source.name + ": " + at.path);
}

/// How much of the source at hand is done. Reading and writing are half of it
/// each.
double run_observer::share_done(const jobq::sync_progress& at) const {
  const auto part
      = static_cast<double>(at.done) / static_cast<double>(at.total);
  if (!change_)
    return part;
  return at.pass == jobq::sync_pass::reading ? part / 2 : (1 + part) / 2;
}

} // namespace blog
