#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "queue/applier.hpp"

namespace jobq {

/// A batch that was applied, and is to be made durable and answered.
struct applied_batch {
  std::vector<commit_callback> callbacks;
  result<commit_report> report;
  /// How far it has to have come before it is answered.
  durability needs = durability::async;
  std::size_t new_runs = 0;
  std::size_t new_bytes = 0;
  std::chrono::steady_clock::time_point begun{};
};

/// Makes batches durable and answers them, in order: one sync for all that have
/// come since the last. Those that need none and come before the first that
/// does are answered ahead of it.
class finisher {
public:
  using released = std::function<void(const applied_batch&)>;

  /// @param target outlives the finisher
  /// @param done is told of each batch that has been answered
  finisher(applier& target, released done);

  /// Finishes what was handed in.
  ~finisher();

  /// Whether all that was handed in has been answered.
  bool idle() const;
  void wait_until_idle() const;

  void hand_in(applied_batch batch);

  /// On the caller's thread; only while it is idle.
  void finish(std::vector<applied_batch>& batches);

private:
  void work();
  result<void> persist(const applied_batch& one);

  applier& applier_;
  released done_;
  result<void> durable_;     ///< these belong to whoever finishes
  std::uint64_t synced_ = 0; ///< up to this commit all are on the disk
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  mutable std::condition_variable rested_;
  std::vector<applied_batch> waiting_;
  bool busy_ = false;
  bool stopping_ = false;
  std::thread thread_;
};

} // namespace jobq
