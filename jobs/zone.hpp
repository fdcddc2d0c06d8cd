#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "jobs/error.hpp"
#include "jobs/time.hpp"

namespace jobq {

/// An IANA time zone: a cheap handle to data that lives as long as the process.
/// Thread-safe.
class time_zone {
public:
  /// A stretch of time with one UTC offset: `[begin, end)`.
  struct period {
    std::chrono::sys_seconds begin;
    std::chrono::sys_seconds end;
    seconds offset;
  };

  static time_zone utc();

  /// Finds a zone by its IANA name (case-sensitive).
  /// @returns `invalid_argument` naming the closest zone there is.
  static result<time_zone> find(std::string_view name);

  /// The period around an instant. Neighbouring periods may share an offset.
  period at(std::chrono::sys_seconds instant) const;

  const std::string& name() const;

  friend bool operator==(const time_zone&, const time_zone&) = default;

private:
  explicit time_zone(const void* data) : data_{data} {}
  const void* data_;
};

/// Every zone's name, sorted: for suggestions.
const std::vector<std::string>& zone_names();

/// RFC 3339 with the zone's offset at that instant, without fraction when it is
/// zero: `2027-03-28T03:00:00+02:00`; offset zero prints `Z`.
std::string format_in_zone(time_point at, const time_zone& zone);

} // namespace jobq
