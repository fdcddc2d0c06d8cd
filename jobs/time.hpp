#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "jobs/error.hpp"

namespace jobq {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// An instant in UTC with millisecond resolution: every time in jobq.
using time_point = std::chrono::sys_time<milliseconds>;

/// RFC 3339 in UTC with milliseconds: `2027-03-28T03:00:00.000Z`.
std::string format_utc(time_point at);

/// Reads an RFC 3339 instant. An offset or `Z` is required; a fraction is cut
/// to milliseconds; a leap second reads as the second before it.
/// @returns `invalid_argument` with the offending text otherwise.
result<time_point> parse_rfc3339(std::string_view text);

/// Reads a duration: a whole or decimal number directly followed by one of
/// `ms s m h d`, or several such in falling order (`1h30m`). `0` needs no unit.
/// @returns `invalid_argument` for anything else, for negative values, and for
/// more than 100 years.
result<milliseconds> parse_duration(std::string_view text);

/// The exact form, largest units first, that `parse_duration` reads back:
/// `500ms`, `1h30m`, `0s`.
std::string format_duration(milliseconds value);

} // namespace jobq
