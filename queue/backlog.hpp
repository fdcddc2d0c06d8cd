#pragma once

#include <chrono>
#include <cstddef>
#include <string>

#include "jobs/time.hpp"
#include "queue/committer.hpp"

namespace jobq {

/// New work that waits for its commit: counted in when it is handed in, out
/// when it has been answered. Not thread-safe.
class backlog {
public:
  explicit backlog(commit_limits limits) : limits_{limits} {}

  /// @returns why it is refused and when to try again; empty when it was
  ///   counted in
  std::string admit(std::size_t runs, std::size_t bytes);

  /// @param took how long it took until they were answered
  void release(std::size_t runs, std::size_t bytes,
               std::chrono::steady_clock::duration took);

private:
  milliseconds clearing_time() const;

  commit_limits limits_;
  std::size_t runs_ = 0;
  std::size_t bytes_ = 0;
  double per_ms_ = 10;
};

} // namespace jobq
