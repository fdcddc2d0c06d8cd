#pragma once

#include <map>
#include <memory>
#include <optional>
#include <shared_mutex>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "jobs/run.hpp"
#include "queue/codec.hpp"
#include "queue/keys.hpp"

namespace jobq {

/// What readers need to know of a queue.
struct queue_view {
  std::string name;
  codec::queue_counters counters;
  std::optional<time_point> oldest; ///< of those in the window
  std::string floor;                ///< no available run's key lies below
  std::string beyond; ///< keys outside the window begin here; empty: none
};

struct job_view {
  std::string name;
  codec::job_counters counters;
};

/// What a commit changes of the view.
struct view_change {
  struct of_job {
    keys::name_id id;
    const std::string* name; ///< lives as long as the store
    codec::job_counters counters;
  };

  /// Null: ended.
  std::vector<std::pair<run_id, std::shared_ptr<const codec::stored_run>>>
      running;
  std::vector<of_job> jobs;
  std::vector<std::pair<keys::name_id, queue_view>> queues;
  std::optional<std::string> timers_floor;
  std::uint64_t last_sequence = 0;
};

/// The committed state that lives in memory: each commit replaces parts of it,
/// readers copy out of it. Hold the lock only to copy.
struct store_view {
  void show(view_change& change);

  mutable std::shared_mutex mutex;
  std::unordered_map<run_id, std::shared_ptr<const codec::stored_run>> running;
  std::unordered_map<keys::name_id, job_view> jobs;
  std::unordered_map<std::string, keys::name_id> job_ids;
  std::map<keys::name_id, queue_view> queues;
  std::string timers_floor;
  std::uint64_t last_sequence = 0;
};

} // namespace jobq
