#include "jobs/cron_fields.hpp"

#include <algorithm>
#include <bit>
#include <chrono>

namespace jobq {

namespace {

namespace chrono = std::chrono;

constexpr std::int64_t day_length = 86400;
constexpr int first_year = 0;
constexpr int last_year = 9999;

constexpr std::int64_t day_number(int year, unsigned month, unsigned day) {
  return chrono::sys_days{chrono::year{year} / chrono::month{month}
                          / chrono::day{day}}
      .time_since_epoch()
      .count();
}

constexpr local_second first_second = day_number(first_year, 1, 1) * day_length;
constexpr local_second end_second
    = day_number(last_year + 1, 1, 1) * day_length;

/// Bits `low` to `high`, both included, of a set of 64.
constexpr std::uint64_t bits_between(unsigned low, unsigned high) noexcept {
  return (~std::uint64_t{0} >> (63 - high)) & (~std::uint64_t{0} << low);
}

unsigned lowest(std::uint64_t set) noexcept {
  return static_cast<unsigned>(std::countr_zero(set));
}

unsigned highest(std::uint64_t set) noexcept {
  return 63 - static_cast<unsigned>(std::countl_zero(set));
}

struct month_cursor {
  int year;
  unsigned month;
  unsigned day;
};

month_cursor date_of(std::int64_t day) noexcept {
  const chrono::year_month_day date{
      chrono::sys_days{chrono::days{static_cast<int>(day)}}};
  return {int{date.year()}, unsigned{date.month()}, unsigned{date.day()}};
}

/// The first matching second of a day at or after `from`, or -1.
std::int64_t first_of_day(const cron_fields& f, unsigned from) noexcept {
  const unsigned h = from / 3600;
  const unsigned m = from / 60 % 60;
  const unsigned s = from % 60;
  const auto time = [](unsigned hour, unsigned minute, unsigned second) {
    return std::int64_t{hour} * 3600 + minute * 60 + second;
  };
  if (f.hours >> h & 1) {
    if (f.minutes >> m & 1)
      if (const auto rest = f.seconds & bits_between(s, 59))
        return time(h, m, lowest(rest));
    if (m < 59)
      if (const auto rest = f.minutes & bits_between(m + 1, 59))
        return time(h, lowest(rest), lowest(f.seconds));
  }
  if (h < 23)
    if (const auto rest = f.hours & bits_between(h + 1, 23))
      return time(lowest(rest), lowest(f.minutes), lowest(f.seconds));
  return -1;
}

/// The last matching second of a day at or before `to`, or -1.
std::int64_t last_of_day(const cron_fields& f, unsigned to) noexcept {
  const unsigned h = to / 3600;
  const unsigned m = to / 60 % 60;
  const unsigned s = to % 60;
  const auto time = [](unsigned hour, unsigned minute, unsigned second) {
    return std::int64_t{hour} * 3600 + minute * 60 + second;
  };
  if (f.hours >> h & 1) {
    if (f.minutes >> m & 1)
      if (const auto rest = f.seconds & bits_between(0, s))
        return time(h, m, highest(rest));
    if (m > 0)
      if (const auto rest = f.minutes & bits_between(0, m - 1))
        return time(h, highest(rest), highest(f.seconds));
  }
  if (h > 0)
    if (const auto rest = f.hours & bits_between(0, h - 1))
      return time(highest(rest), highest(f.minutes), highest(f.seconds));
  return -1;
}

/// How many matching seconds of a day lie before `end` (0 to 86,400).
std::uint64_t count_of_day(const cron_fields& f, unsigned end) noexcept {
  const auto size = [](std::uint64_t set) {
    return static_cast<std::uint64_t>(std::popcount(set));
  };
  const auto per_minute = size(f.seconds);
  const auto per_hour = per_minute * size(f.minutes);
  if (end >= day_length)
    return per_hour * size(f.hours);
  const unsigned h = end / 3600;
  const unsigned m = end / 60 % 60;
  const unsigned s = end % 60;
  const auto below = [](std::uint64_t set, unsigned bit) {
    return set & ((std::uint64_t{1} << bit) - 1);
  };
  auto total = per_hour * size(below(f.hours, h));
  if (f.hours >> h & 1) {
    total += per_minute * size(below(f.minutes, m));
    if (f.minutes >> m & 1)
      total += size(below(f.seconds, s));
  }
  return total;
}

/// The first matching day at or after `day`.
std::optional<std::int64_t> first_day(const cron_fields& f,
                                      std::int64_t day) noexcept {
  auto [year, month, from] = date_of(day);
  while (year <= last_year) {
    if (const auto days = f.month_days(year, month) & bits_between(from, 31))
      return day_number(year, month, lowest(days));
    from = 1;
    const auto later = month < 12 ? f.months & bits_between(month + 1, 12) : 0;
    if (later == 0)
      ++year;
    month = lowest(later != 0 ? later : f.months);
  }
  return std::nullopt;
}

/// The last matching day at or before `day`.
std::optional<std::int64_t> last_day_before(const cron_fields& f,
                                            std::int64_t day) noexcept {
  auto [year, month, to] = date_of(day);
  while (year >= first_year) {
    if (const auto days = f.month_days(year, month) & bits_between(1, to))
      return day_number(year, month, highest(days));
    to = 31;
    const auto earlier = f.months & bits_between(0, month - 1);
    if (earlier == 0)
      --year;
    month = highest(earlier != 0 ? earlier : f.months);
  }
  return std::nullopt;
}

/// How many days match in `[from, to)`.
std::uint64_t count_days(const cron_fields& f, std::int64_t from,
                         std::int64_t to) noexcept {
  if (from >= to)
    return 0;
  if (f.days == every_day_of_month && f.months == every_month)
    return static_cast<std::uint64_t>(to - from);
  auto [year, month, first] = date_of(from);
  const auto end = date_of(to - 1);
  std::uint64_t total = 0;
  while (year < end.year || (year == end.year && month <= end.month)) {
    const bool in_last = year == end.year && month == end.month;
    total += static_cast<std::uint64_t>(
        std::popcount(f.month_days(year, month)
                      & bits_between(first, in_last ? end.day : 31)));
    first = 1;
    month = month % 12 + 1;
    if (month == 1)
      ++year;
  }
  return total;
}

} // namespace

std::uint32_t cron_fields::month_days(int year, unsigned month) const noexcept {
  if ((months >> month & 1) == 0)
    return 0;
  constexpr std::array<std::uint8_t, 13> lengths{0,  31, 28, 31, 30, 31, 30,
                                                 31, 31, 30, 31, 30, 31};
  const unsigned length
      = month == 2 && chrono::year{year}.is_leap() ? 29 : lengths[month];
  const std::uint64_t within = bits_between(1, length);
  std::uint64_t set = days;
  if (set == every_day_of_month)
    return static_cast<std::uint32_t>(within);
  const chrono::weekday first{
      chrono::sys_days{chrono::year{year} / chrono::month{month} / 1}};
  const unsigned first_weekday = first.c_encoding();
  // Seven weekday bits, repeated and shifted so that bit n is day n's weekday.
  const auto spread = [first_weekday](std::uint64_t week) {
    constexpr std::uint64_t six_weeks
        = 1 | 1 << 7 | 1 << 14 | 1 << 21 | 1 << 28 | std::uint64_t{1} << 35;
    return (week * six_weeks >> first_weekday) << 1;
  };
  set |= spread(weekdays);
  for (unsigned k = 0; k < nth_weekdays.size(); ++k)
    if (nth_weekdays[k] != 0)
      set |= spread(nth_weekdays[k]) & bits_between(7 * k + 1, 7 * k + 7);
  if (last_weekdays != 0)
    set |= spread(last_weekdays) & bits_between(length - 6, length);
  if (last_day)
    set |= std::uint64_t{1} << length;
  const auto workday_near = [&](unsigned day) {
    const unsigned weekday = (first_weekday + day - 1) % 7;
    if (weekday == 6)
      return day == 1 ? day + 2 : day - 1;
    if (weekday == 0)
      return day == length ? day - 2 : day + 1;
    return day;
  };
  for (auto left = near_days & within; left != 0; left &= left - 1)
    set |= std::uint64_t{1} << workday_near(lowest(left));
  if (last_workday)
    set |= std::uint64_t{1} << workday_near(length);
  return static_cast<std::uint32_t>(set & within);
}

std::optional<local_second>
cron_fields::first(local_second from) const noexcept {
  from = std::max(from, first_second);
  if (from >= end_second)
    return std::nullopt;
  const auto today = chrono::floor<chrono::days>(chrono::seconds{from}).count();
  auto day = first_day(*this, today);
  if (!day)
    return std::nullopt;
  std::int64_t time = -1;
  if (*day == today) {
    time
        = first_of_day(*this, static_cast<unsigned>(from - today * day_length));
    if (time < 0)
      day = first_day(*this, today + 1);
    if (!day)
      return std::nullopt;
  }
  if (time < 0)
    time = first_of_day(*this, 0);
  return *day * day_length + time;
}

std::optional<local_second> cron_fields::last(local_second to) const noexcept {
  to = std::min(to, end_second - 1);
  if (to < first_second)
    return std::nullopt;
  const auto today = chrono::floor<chrono::days>(chrono::seconds{to}).count();
  auto day = last_day_before(*this, today);
  if (!day)
    return std::nullopt;
  std::int64_t time = -1;
  if (*day == today) {
    time = last_of_day(*this, static_cast<unsigned>(to - today * day_length));
    if (time < 0)
      day = last_day_before(*this, today - 1);
    if (!day)
      return std::nullopt;
  }
  if (time < 0)
    time = last_of_day(*this, day_length - 1);
  return *day * day_length + time;
}

std::uint64_t cron_fields::count(local_second from,
                                 local_second to) const noexcept {
  from = std::max(from, first_second);
  to = std::min(to, end_second);
  if (from >= to)
    return 0;
  const auto day_of = [](local_second at) -> std::int64_t {
    return chrono::floor<chrono::days>(chrono::seconds{at}).count();
  };
  const auto a = day_of(from);
  const auto b = day_of(to);
  const auto in_day = [&](std::int64_t day, local_second end) {
    return count_days(*this, day, day + 1)
           * count_of_day(*this, static_cast<unsigned>(end - day * day_length));
  };
  // Whole days from a's midnight to b's, less what lies before `from`, plus
  // what b's day has before `to`.
  return count_days(*this, a, b) * count_of_day(*this, day_length)
         - in_day(a, from) + in_day(b, to);
}

} // namespace jobq
