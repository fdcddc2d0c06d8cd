#pragma once

#include <chrono>
#include <cstdint>

namespace jobq::bench {

/// How far a measure goes: so many runs or so much time, whichever comes first.
struct bounds {
  std::uint64_t runs = 0;
  std::chrono::steady_clock::time_point deadline;

  /// Whether the time is up, or somebody interrupts.
  bool over() const noexcept;
};

/// Ends all measures of this process soon. Async-signal-safe.
void interrupt() noexcept;
bool interrupted() noexcept;

} // namespace jobq::bench
