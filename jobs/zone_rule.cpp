#include "jobs/zone_rule.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

namespace jobq {

namespace chrono = std::chrono;

/// Reads the parts of a TZ string from left to right.
class zone_rule::scanner {
public:
  explicit scanner(std::string_view text) : rest_{text} {}

  bool at_end() const noexcept { return rest_.empty(); }

  bool accept(char c) noexcept {
    if (rest_.empty() || rest_[0] != c)
      return false;
    rest_.remove_prefix(1);
    return true;
  }

  /// `CET` or `<+0530>`.
  bool skip_name() noexcept {
    if (accept('<')) {
      const auto end = rest_.find('>');
      if (end == std::string_view::npos || end == 0)
        return false;
      rest_.remove_prefix(end + 1);
      return true;
    }
    std::size_t size = 0;
    while (size < rest_.size()
           && ((rest_[size] >= 'A' && rest_[size] <= 'Z')
               || (rest_[size] >= 'a' && rest_[size] <= 'z')))
      ++size;
    rest_.remove_prefix(size);
    return size >= 3;
  }

  std::optional<int> number(int low, int high) noexcept {
    std::size_t size = 0;
    int value = 0;
    while (size < rest_.size() && size < 3 && rest_[size] >= '0'
           && rest_[size] <= '9')
      value = value * 10 + (rest_[size++] - '0');
    rest_.remove_prefix(size);
    if (size == 0 || value < low || value > high)
      return std::nullopt;
    return value;
  }

  /// `[+-]hh[:mm[:ss]]`
  std::optional<seconds> time(int max_hours) noexcept {
    const bool negative = accept('-');
    if (!negative)
      accept('+');
    const auto h = number(0, max_hours);
    std::optional<int> m = 0;
    std::optional<int> s = 0;
    if (h && accept(':')) {
      m = number(0, 59);
      if (m && accept(':'))
        s = number(0, 59);
    }
    if (!h || !m || !s)
      return std::nullopt;
    const seconds value{*h * 3600 + *m * 60 + *s};
    return negative ? -value : value;
  }

  std::optional<change> day() noexcept {
    change result;
    std::optional<int> day;
    if (accept('M')) {
      const auto month = number(1, 12);
      const auto week = month && accept('.') ? number(1, 5) : std::nullopt;
      day = week && accept('.') ? number(0, 6) : std::nullopt;
      if (!day)
        return std::nullopt;
      result.how = change::kind::weekday;
      result.month = *month;
      result.week = *week;
    } else if (accept('J')) {
      day = number(1, 365);
    } else {
      result.how = change::kind::zero_based;
      day = number(0, 365);
    }
    if (!day)
      return std::nullopt;
    result.day = *day;
    if (accept('/')) {
      const auto at = time(167);
      if (!at)
        return std::nullopt;
      result.time = *at;
    }
    return result;
  }

private:
  std::string_view rest_;
};

std::int64_t zone_rule::change::in(int year) const {
  const chrono::year y{year};
  chrono::sys_days date;
  switch (how) {
  case kind::julian:
    // Day 60 is 1 March in every year: 29 February is never counted.
    date = chrono::sys_days{y / 1 / 1}
           + chrono::days{day - 1 + (day >= 60 && y.is_leap() ? 1 : 0)};
    break;
  case kind::zero_based:
    date = chrono::sys_days{y / 1 / 1} + chrono::days{day};
    break;
  case kind::weekday: {
    const chrono::month m{static_cast<unsigned>(month)};
    const chrono::weekday wanted{static_cast<unsigned>(day)};
    if (week == 5) {
      const chrono::sys_days last{y / m / chrono::last};
      date = last - (chrono::weekday{last} - wanted);
    } else {
      const chrono::sys_days first{y / m / 1};
      date
          = first + (wanted - chrono::weekday{first}) + chrono::weeks{week - 1};
    }
    break;
  }
  }
  return chrono::seconds{date.time_since_epoch()}.count() + time.count();
}

std::optional<zone_rule> zone_rule::parse(std::string_view text) {
  scanner in{text};
  zone_rule rule;
  // POSIX counts offsets west of Greenwich as positive.
  const auto standard = in.skip_name() ? in.time(24) : std::optional<seconds>{};
  if (!standard)
    return std::nullopt;
  rule.standard_ = -*standard;
  if (in.at_end())
    return rule;
  if (!in.skip_name())
    return std::nullopt;
  rule.changes_ = true;
  rule.daylight_ = rule.standard_ + chrono::hours{1};
  if (!in.at_end() && !in.accept(',')) {
    const auto daylight = in.time(24);
    if (!daylight || !in.accept(','))
      return std::nullopt;
    rule.daylight_ = -*daylight;
  }
  const auto start = in.day();
  const auto end = start && in.accept(',') ? in.day() : std::optional<change>{};
  if (!end || !in.at_end())
    return std::nullopt;
  rule.to_daylight_ = *start;
  rule.to_standard_ = *end;
  return rule;
}

time_zone::period zone_rule::at(chrono::sys_seconds instant) const {
  if (!changes_)
    return {chrono::sys_seconds::min(), chrono::sys_seconds::max(), standard_};
  constexpr chrono::sys_seconds first{
      chrono::sys_days{chrono::year{-9999} / 1 / 1}};
  constexpr chrono::sys_seconds last{
      chrono::sys_days{chrono::year{19999} / 1 / 1}};
  const auto clamped = std::clamp(instant, first, last);
  const int year = int{
      chrono::year_month_day{chrono::floor<chrono::days>(clamped)}.year()};
  struct step {
    std::int64_t at;
    seconds offset;
  };
  // A change may fall into the neighbouring year by up to a week, so both
  // neighbours are looked at; in a rule of daylight time all year the end of
  // one year and the start of the next are the same instant.
  std::array<step, 6> steps{};
  std::size_t size = 0;
  for (int y = year - 1; y <= year + 1; ++y) {
    steps[size++] = {to_daylight_.in(y)-standard_.count(), daylight_};
    steps[size++] = {to_standard_.in(y)-daylight_.count(), standard_};
  }
  for (std::size_t i = 1; i < size; ++i)
    for (std::size_t j = i; j > 0 && steps[j].at < steps[j - 1].at; --j)
      std::swap(steps[j], steps[j - 1]);
  const auto now = clamped.time_since_epoch().count();
  std::size_t current = 0;
  while (current + 1 < size && steps[current + 1].at <= now)
    ++current;
  const std::size_t after = std::min(current + 1, size - 1);
  const auto instant_of
      = [](std::int64_t at) { return chrono::sys_seconds{seconds{at}}; };
  return {std::min(instant_of(steps[current].at), instant),
          instant >= last ? chrono::sys_seconds::max()
                          : instant_of(steps[after].at),
          steps[current].offset};
}

} // namespace jobq
