#pragma once

#include <array>
#include <random>
#include <string>
#include <vector>

#include "jobs/cron.hpp"
#include "jobs/time.hpp"

/// A second opinion on fire times: they are found by walking time, with the C
/// library's zones, and nothing is computed by the code that is tested.
namespace jobq::test {

/// A schedule as sets, and the text that says the same.
struct plain_schedule {
  std::string text;
  std::array<bool, 60> seconds{};
  std::array<bool, 60> minutes{};
  std::array<bool, 24> hours{};
  std::array<bool, 7> weekdays{};
  bool any_weekday = true;
  bool interval = false;
};

plain_schedule random_schedule(std::mt19937_64& random);

/// A schedule of fixed times in the night, when most clocks change.
plain_schedule nightly_schedule(std::mt19937_64& random);

/// A nominal time that the schedule has in a stretch of time.
struct plain_tick {
  time_point at;
  bool lost = false; ///< a gap of the clock swallowed it
};

/// All ticks in `(from, to]`, second by second.
std::vector<plain_tick> walk(const plain_schedule& schedule,
                             const std::string& zone, dst_gap gap,
                             dst_overlap overlap, time_point from,
                             time_point to);

} // namespace jobq::test
