#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>

namespace jobq::bench {

/// How far the measurement of this process has come, for whoever shows it. A
/// total of 0: it can't be told.
struct measured_part {
  std::atomic<std::uint64_t> done{0};
  std::atomic<std::uint64_t> total{0};
};
measured_part& measured();

/// A bar as text: `[#####     ]  50 %`. Width in characters between the
/// brackets.
std::string bar(double share, int width);

/// A line at the bottom of a terminal, drawn several times a second until it is
/// destroyed; it leaves nothing behind.
class progress_bar {
public:
  /// @param visible false: nothing is drawn
  /// @param repetitions of all scenarios together
  progress_bar(bool visible, std::uint64_t repetitions);
  ~progress_bar();

  progress_bar(const progress_bar&) = delete;
  progress_bar& operator=(const progress_bar&) = delete;

  /// The next repetition begins.
  void next(const std::string& name);

  /// Makes room for other output until `next`.
  void clear();

private:
  void draw_all();
  void draw();

  const bool visible_;
  const std::uint64_t repetitions_;
  const std::chrono::steady_clock::time_point begun_;
  std::mutex mutex_;
  std::condition_variable ended_;
  bool ending_ = false;
  bool shown_ = false;
  std::string name_;
  std::uint64_t begun_repetitions_ = 0;
  std::thread thread_;
};

} // namespace jobq::bench
