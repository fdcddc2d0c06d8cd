#include "queue/backlog.hpp"

#include <algorithm>
#include <cstdint>

namespace jobq {

std::string backlog::admit(std::size_t runs, std::size_t bytes) {
  if (runs_ > 0
      && (runs_ + runs > limits_.runs || bytes_ + bytes > limits_.bytes))
    return std::to_string(runs_) + " runs wait for the disk; try again in "
           + std::to_string(clearing_time().count()) + " ms";
  runs_ += runs;
  bytes_ += bytes;
  return {};
}

void backlog::release(std::size_t runs, std::size_t bytes,
                      std::chrono::steady_clock::duration took) {
  runs_ -= std::min(runs_, runs);
  bytes_ -= std::min(bytes_, bytes);
  const auto ms = std::chrono::duration<double, std::milli>{took}.count();
  if (runs > 0 && ms > 0)
    per_ms_ = static_cast<double>(runs) / ms;
}

/// Until half of what waits has gone, at the latest commit's speed.
milliseconds backlog::clearing_time() const {
  const auto ms = static_cast<double>(runs_) / 2 / per_ms_;
  return milliseconds{
      std::clamp<std::int64_t>(static_cast<std::int64_t>(ms), 1, 10'000)};
}

} // namespace jobq
