#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "jobs/zone.hpp"

namespace jobq {

/// The rule that a TZif file's footer gives for the time after its last
/// transition: a POSIX `TZ` string such as `CET-1CEST,M3.5.0,M10.5.0/3`, with
/// the extensions of RFC 8536 (hours from -167 to 167).
class zone_rule {
public:
  /// Reads a footer without its line feeds. None if it is malformed.
  static std::optional<zone_rule> parse(std::string_view text);

  /// The period around an instant, as if the rule held for all time. For
  /// instants between the years -9999 and 19999; others lie in the period of
  /// the nearer end.
  time_zone::period at(std::chrono::sys_seconds instant) const;

private:
  /// A day of the year and the local time of the change on it.
  struct change {
    enum class kind { julian, zero_based, weekday };

    kind how = kind::julian;
    int day = 0;   ///< julian 1-365, zero_based 0-365, weekday 0-6
    int month = 0; ///< weekday: 1-12
    int week = 0;  ///< weekday: 1-5, 5 is the last
    seconds time = std::chrono::hours{2};

    /// The local time of the change in a year, as seconds since 1970.
    std::int64_t in(int year) const;
  };

  class scanner;

  seconds standard_{0};
  seconds daylight_{0};
  bool changes_ = false; ///< false: standard time all year
  change to_daylight_;
  change to_standard_;
};

} // namespace jobq
