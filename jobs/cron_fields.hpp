#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "jobs/error.hpp"

namespace jobq {

/// A local date and time as the seconds from 1970-01-01T00:00:00 local, every
/// day having 86,400: the time line without zones that cron fields match.
using local_second = std::int64_t;

/// What a cron expression matches on local time, as sets: bit n stands for
/// value n. Expressions that match the same times of the same kind are equal,
/// whatever their text.
struct cron_fields {
  std::uint64_t seconds = 0;
  std::uint64_t minutes = 0;
  std::uint32_t hours = 0;
  std::uint16_t months = 0; ///< bits 1-12

  // A day matches when any of the following holds.
  std::uint32_t days = 0;      ///< bits 1-31: days of the month
  std::uint32_t near_days = 0; ///< bits 1-31: `nW`
  bool last_day = false;       ///< `L`
  bool last_workday = false;   ///< `LW`
  std::uint8_t weekdays = 0;   ///< bits 0-6, 0 = Sunday
  /// nth_weekdays[k - 1]: the weekdays d of `d#k`.
  std::array<std::uint8_t, 5> nth_weekdays{};
  std::uint8_t last_weekdays = 0; ///< the weekdays d of `dL`

  /// Whether the text of second, minute or hour contains `*` or `/`.
  bool interval = false;

  /// The matching days of a month as bits 1-31; 0 outside `months`.
  std::uint32_t month_days(int year, unsigned month) const noexcept;

  /// The first match at or after `from`, at most 9999-12-31T23:59:59.
  std::optional<local_second> first(local_second from) const noexcept;

  /// The last match at or before `to`, at least 0000-01-01T00:00:00.
  std::optional<local_second> last(local_second to) const noexcept;

  /// How many matches lie in `[from, to)`.
  std::uint64_t count(local_second from, local_second to) const noexcept;

  friend bool operator==(const cron_fields&, const cron_fields&) = default;
};

inline constexpr std::uint32_t every_day_of_month = 0xfffffffe;
inline constexpr std::uint16_t every_month = 0x1ffe;

/// Reads an expression; errors as `cron_schedule::parse` tells.
result<cron_fields> parse_cron(std::string_view expression);

/// The fields in words, as `cron_schedule::describe` tells.
std::string describe_cron(const cron_fields& fields);

} // namespace jobq
