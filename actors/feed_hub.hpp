#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "actors/completion_feed.hpp"

namespace jobq {

/// The subscribers of completions. Outlives the history actor, so that a
/// restarted one goes on with the same subscribers. Thread-safe.
class feed_hub {
public:
  explicit feed_hub(const store& source) : source_{source} {}

  std::shared_ptr<completion_feed> subscribe(std::uint64_t after,
                                             std::size_t window
                                             = completion_feed::default_window);
  void offer(const std::vector<completion>& fresh);

  /// Says to all that something may not have been offered.
  void lag();
  void close();

private:
  template <class Action>
  void each(Action action);

  const store& source_;
  std::mutex mutex_;
  std::vector<std::weak_ptr<completion_feed>> feeds_;
  bool closed_ = false;
};

} // namespace jobq
