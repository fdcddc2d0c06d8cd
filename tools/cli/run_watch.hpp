#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "jobs/time.hpp"
#include "tools/cli/target.hpp"

namespace jobq {

/// A line of one watched run's stream, or its end.
struct watch_event {
  std::size_t run = 0;
  std::string line;
  bool ended = false;
  std::optional<error> failed; ///< of an end
};

/// Follows the streams of several runs at once, each on a thread and a
/// connection of its own, and hands their lines to one reader.
class run_watch {
public:
  run_watch() : inbox_{std::make_shared<inbox>()} {}
  /// Waits for the threads, or leaves those that read from a server alone: they
  /// own all that they touch.
  ~run_watch();
  run_watch(const run_watch&) = delete;
  run_watch& operator=(const run_watch&) = delete;

  /// Begins to follow; events carry `run`.
  void follow(std::size_t run, connection from, api_request request);

  /// The next event, waiting so long for it.
  std::optional<watch_event> next(milliseconds longest);

private:
  struct inbox {
    std::mutex mutex;
    std::condition_variable filled;
    std::deque<watch_event> events;
    bool closed = false;

    bool put(watch_event event);
  };

  struct follower {
    std::thread thread;
    bool server = false;
  };

  std::shared_ptr<inbox> inbox_;
  std::vector<follower> followers_;
};

} // namespace jobq
