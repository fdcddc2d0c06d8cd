#pragma once

#include <atomic>
#include <cstdint>
#include <semaphore>
#include <vector>

#include "bench/measurement.hpp"
#include "bench/rig.hpp"

namespace jobq::bench {

/// Now, in ticks of the steady clock.
inline std::int64_t ticks() {
  return steady::now().time_since_epoch().count();
}

/// So many full cycles take a few seconds.
std::uint64_t default_cycles(const scenario& what);

/// A closed loop: as many runs as `outstanding` says are on their way at any
/// time; each that ends makes room for the next.
class closed_loop {
public:
  /// @param target started before `run`; outlives the loop
  closed_loop(rig& target, const scenario& what, std::uint64_t count);

  result<void> run();

  /// Adds the latencies of the runs that have ended.
  void report(measurement& to) const;

private:
  result<void> run_alone(completion_feed& feed);
  void produce();
  bool submit_next();
  template <class Ended>
  result<void> await_all(completion_feed& feed, Ended ended);

  rig& rig_;
  const scenario& what_;
  const std::uint64_t count_;
  std::vector<std::int64_t> submitted_;
  std::vector<std::int64_t> acknowledged_;
  std::vector<std::int64_t> started_; ///< 0: not by functions of this process
  std::vector<std::int64_t> finished_;
  std::atomic<std::uint64_t> next_{0};
  std::atomic<bool> failed_{false};
  std::counting_semaphore<> room_{0};
};

} // namespace jobq::bench
