#pragma once

#include <chrono>
#include <optional>

namespace blog {

/// Thins out reports of progress: one after every percent, or after every tenth
/// of a second when a percent takes longer.
class progress_pace {
public:
  using clock = std::chrono::steady_clock;

  /// Whether to report now. The first time, always.
  bool due(double fraction, clock::time_point now) {
    if (last_ && fraction - reported_ < step && now - *last_ < pause)
      return false;
    last_ = now;
    reported_ = fraction;
    return true;
  }

private:
  static constexpr double step = 0.01;
  static constexpr std::chrono::milliseconds pause{100};

  std::optional<clock::time_point> last_;
  double reported_ = 0;
};

} // namespace blog
