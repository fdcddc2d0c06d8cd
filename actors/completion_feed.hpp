#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <vector>

#include "jobs/error.hpp"
#include "jobs/run.hpp"
#include "jobs/time.hpp"
#include "queue/store.hpp"

namespace jobq {

/// One subscriber's window on completions. The history actor offers each after
/// its commit and never waits: what does not fit is read from the store by its
/// sequence when the subscriber comes for it. Nothing is lost or repeated.
/// `offer`, `lag` and `close` from any thread; `next` from one thread at a
/// time.
class completion_feed {
public:
  /// @param source outlives the feed
  /// @param after deliver what has a greater sequence than this
  /// @param window how many completions are held for a slow subscriber; more
  ///   are read from the store again
  completion_feed(const store& source, std::uint64_t after,
                  std::size_t window = default_window);

  static constexpr std::size_t default_window = 1'024;

  void offer(const std::vector<completion>& fresh);
  /// Something was not offered: read it from the store.
  void lag();
  void close();

  /// The next completions in order of sequence; empty when none came in time.
  /// @returns `unavailable` once the feed is closed and everything delivered
  result<std::vector<completion>> next(milliseconds at_most);

private:
  /// What of the window was not delivered yet.
  std::vector<completion> take_window();
  result<std::vector<completion>> catch_up(std::unique_lock<std::mutex>& lock);

  const store& source_;
  const std::size_t window_limit_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<completion> window_;
  std::uint64_t delivered_;
  bool lagging_ = true; ///< the window misses something that the store has
  bool closed_ = false;
};

} // namespace jobq
