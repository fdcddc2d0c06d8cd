#pragma once

#include <string>

#include "jobs/cron.hpp"
#include "jobs/time.hpp"
#include "jobs/zone.hpp"
#include "tools/cli/style.hpp"

namespace jobq {

/// What a calendar shows.
struct calendar_request {
  cron_schedule schedule;
  time_zone zone = time_zone::utc(); ///< whose days are shown
  dst_gap gap = dst_gap::automatic;
  dst_overlap overlap = dst_overlap::automatic;
  time_point from{}; ///< fire times later than it count
  int months = 3;    ///< the first is that of `from`
};

/// Months side by side, each day marked with how often the schedule fires on
/// it, and below them what clock changes decided and the numbers in words.
std::string render_calendar(const calendar_request& asked, const style& look);

} // namespace jobq
