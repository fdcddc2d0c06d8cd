#include "queue/rocksdb_view.hpp"

#include <mutex>

namespace jobq {

void store_view::show(view_change& change) {
  std::unique_lock lock{mutex};
  for (auto& [id, stored] : change.running) {
    if (stored)
      running[id] = std::move(stored);
    else
      running.erase(id);
  }
  for (const auto& one : change.jobs) {
    auto& [name, counters] = jobs[one.id];
    if (name.empty()) {
      name = *one.name;
      job_ids[name] = one.id;
    }
    counters = one.counters;
  }
  for (auto& [id, shown] : change.queues)
    queues[id] = std::move(shown);
  if (change.timers_floor)
    timers_floor = std::move(*change.timers_floor);
  last_sequence = change.last_sequence;
}

} // namespace jobq
