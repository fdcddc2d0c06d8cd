#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "jobs/cron.hpp"
#include "jobs/time.hpp"
#include "jobs/zone.hpp"

namespace jobq {

/// A fire time, and what a clock change had to do with it.
struct explained_fire {
  time_point at{};
  /// One sentence about the latest clock change that decided something for
  /// this fire time, or between it and the one before; usually empty.
  std::string note;

  friend bool operator==(const explained_fire&, const explained_fire&)
      = default;
};

/// The first `count` fire times later than `from`, fewer when year 9999 is
/// reached, each with its note.
std::vector<explained_fire>
explain_next(const cron_schedule& schedule, const time_zone& zone,
             time_point from, std::size_t count,
             dst_gap gap = dst_gap::automatic,
             dst_overlap overlap = dst_overlap::automatic);

} // namespace jobq
