#include "extensions/content/sync_sources.hpp"

namespace jobq {

std::string sync_totals::summary(bool change) const {
  auto text = counts.summary(change);
  return first_fault.empty() ? text : text + "; first: " + first_fault;
}

sync_totals sync_sources(database& db,
                         const std::vector<const content_source*>& sources,
                         const sync_options& options, sync_observer& observer) {
  sync_totals total;
  for (const auto* source : sources) {
    total.stopped = observer.stop_requested();
    if (total.stopped)
      break;
    observer.source_began(*source);
    auto report = sync_source(db, *source, options, observer);
    for (const auto& fault : report.faults)
      observer.failed(fault);
    if (total.first_fault.empty() && !report.faults.empty())
      total.first_fault = report.faults.front();
    total.counts += report.counts;
    total.stopped = report.stopped;
    if (total.stopped)
      break;
    observer.source_ended(total.counts);
  }
  return total;
}

} // namespace jobq
