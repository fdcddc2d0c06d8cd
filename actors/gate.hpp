#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

namespace jobq {

/// Opened once, by whoever; never shut again. Thread-safe.
class gate {
public:
  void open() {
    {
      std::lock_guard guard{mutex_};
      open_ = true;
    }
    changed_.notify_all();
  }

  bool is_open() const {
    std::lock_guard guard{mutex_};
    return open_;
  }

  void wait_for(std::chrono::milliseconds at_most) {
    std::unique_lock lock{mutex_};
    changed_.wait_for(lock, at_most, [this] { return open_; });
  }

private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = false;
};

} // namespace jobq
