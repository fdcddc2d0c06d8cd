#include <array>
#include <bit>
#include <cstddef>
#include <utility>
#include <vector>

#include "jobs/cron_fields.hpp"

namespace jobq {

namespace {

constexpr std::array<std::string_view, 7> weekday_names{
    "Sunday",   "Monday", "Tuesday", "Wednesday",
    "Thursday", "Friday", "Saturday"};
constexpr std::array<std::string_view, 13> month_names{
    "",     "January", "February",  "March",   "April",    "May",     "June",
    "July", "August",  "September", "October", "November", "December"};
constexpr std::array<std::string_view, 5> ranks{"first", "second", "third",
                                                "fourth", "fifth"};

std::string joined(const std::vector<std::string>& words,
                   std::string_view last = " and ") {
  std::string out;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0)
      out += i + 1 == words.size() ? last : ", ";
    out += words[i];
  }
  return out;
}

std::vector<unsigned> values_of(std::uint64_t set) {
  std::vector<unsigned> out;
  for (; set != 0; set &= set - 1)
    out.push_back(static_cast<unsigned>(std::countr_zero(set)));
  return out;
}

/// `1, 2 and 9 to 17`: three and more in a row as a range.
template <class Name>
std::string listed(std::uint64_t set, Name name) {
  const auto values = values_of(set);
  std::vector<std::string> words;
  for (std::size_t i = 0; i < values.size();) {
    std::size_t end = i;
    while (end + 1 < values.size() && values[end + 1] == values[end] + 1)
      ++end;
    if (end - i >= 2) {
      words.push_back(name(values[i]) + " to " + name(values[end]));
      i = end + 1;
    } else {
      words.push_back(name(values[i++]));
    }
  }
  return joined(words);
}

std::string number(unsigned n) {
  return std::to_string(n);
}

std::string two_digits(unsigned n) {
  auto text = std::to_string(n);
  if (text.size() < 2)
    text.insert(text.begin(), '0');
  return text;
}

/// The steps that divide 60 need no more than this.
std::string ordinal(unsigned n) {
  return std::to_string(n) + (n == 2 ? "nd" : n == 3 ? "rd" : "th");
}

bool is_single(std::uint64_t set) noexcept {
  return std::popcount(set) == 1;
}

bool is_full(std::uint64_t set, unsigned size) noexcept {
  return set == ~std::uint64_t{0} >> (64 - size);
}

/// The step of a set that is exactly 0, n, 2n, ... and comes round evenly, so
/// that "every n" is true across the end of the field too; 0 if it is not one.
unsigned even_step(std::uint64_t set, unsigned size) {
  const auto values = values_of(set);
  if (values.size() < 2 || values[0] != 0)
    return 0;
  const unsigned step = values[1];
  if (size % step != 0 || values.size() != size / step)
    return 0;
  for (std::size_t i = 0; i < values.size(); ++i)
    if (values[i] != i * step)
      return 0;
  return step;
}

std::string plural(std::string_view unit, std::uint64_t set) {
  return std::string{unit} + (is_single(set) ? " " : "s ")
         + listed(set, number);
}

/// `every second`, `every 5 seconds`, `second 30`.
std::string rhythm(std::string_view unit, std::uint64_t set, unsigned size) {
  if (is_full(set, size))
    return "every " + std::string{unit};
  if (const auto step = even_step(set, size); step != 0)
    return "every " + std::to_string(step) + " " + std::string{unit} + "s";
  return plural(unit, set);
}

struct time_words {
  std::string text;
  bool is_clock = false; ///< times of day: `03:00 and 04:30`
};

time_words time_of(const cron_fields& f) {
  const auto combinations = static_cast<std::size_t>(std::popcount(f.seconds))
                            * static_cast<std::size_t>(std::popcount(f.minutes))
                            * static_cast<std::size_t>(std::popcount(f.hours));
  if (combinations <= 4) {
    std::vector<std::string> times;
    for (const auto h : values_of(f.hours))
      for (const auto m : values_of(f.minutes))
        for (const auto s : values_of(f.seconds)) {
          auto text = two_digits(h) + ":" + two_digits(m);
          if (f.seconds != 1)
            text.append(":").append(two_digits(s));
          times.push_back(std::move(text));
        }
    return {joined(times), true};
  }
  const bool all_seconds = is_full(f.seconds, 60);
  const bool all_minutes = is_full(f.minutes, 60);
  const bool all_hours = is_full(f.hours, 24);
  const bool rhythmic_seconds = all_seconds || even_step(f.seconds, 60) != 0;
  const bool rhythmic_minutes = all_minutes || even_step(f.minutes, 60) != 0;
  std::string text;
  if (f.seconds == 1 && rhythmic_minutes) {
    text = rhythm("minute", f.minutes, 60);
  } else if (f.seconds == 1) {
    // "every hour at minute 0"
    const auto at = "at " + plural("minute", f.minutes);
    if (const auto step = even_step(f.hours, 24); all_hours || step != 0)
      return {rhythm("hour", f.hours, 24) + " " + at, false};
    text = at;
  } else if (rhythmic_seconds && all_minutes) {
    text = rhythm("second", f.seconds, 60);
  } else if (all_minutes) {
    text = "every minute at " + plural("second", f.seconds);
  } else {
    text = (rhythmic_seconds ? "" : "at ") + rhythm("second", f.seconds, 60)
           + " of "
           + (rhythmic_minutes && !all_minutes
                  ? "every " + ordinal(even_step(f.minutes, 60)) + " minute"
                  : plural("minute", f.minutes));
    if (all_hours)
      text += " of every hour";
  }
  if (!all_hours)
    text += " of the hour" + std::string{is_single(f.hours) ? " " : "s "}
            + listed(f.hours, number);
  return {text, false};
}

std::string weekday_name(unsigned d) {
  return std::string{weekday_names[d]};
}

/// The weekdays from Monday on, Sunday last.
std::uint64_t from_monday(std::uint8_t set) noexcept {
  return (set & 0x7eU) | (set & 1U) << 7;
}

/// The days of one month, without the month: `day 1`, `Friday`.
std::string days_of(const cron_fields& f) {
  std::vector<std::string> words;
  if (f.days != 0)
    words.push_back((is_single(f.days) ? "day " : "days ")
                    + listed(f.days, number));
  if (f.near_days != 0)
    words.push_back("the Monday-to-Friday nearest to day "
                    + joined(
                        [&f] {
                          std::vector<std::string> days;
                          for (const auto d : values_of(f.near_days))
                            days.push_back(number(d));
                          return days;
                        }(),
                        " and to day "));
  if (f.last_day)
    words.emplace_back("the last day of the month");
  if (f.last_workday)
    words.emplace_back("the last Monday-to-Friday of the month");
  if (f.weekdays != 0)
    words.push_back(listed(from_monday(f.weekdays),
                           [](unsigned d) { return weekday_name(d % 7); }));
  for (std::size_t k = 0; k < f.nth_weekdays.size(); ++k)
    for (const auto d : values_of(from_monday(f.nth_weekdays[k])))
      words.push_back("the " + std::string{ranks[k]} + " " + weekday_name(d % 7)
                      + " of the month");
  for (const auto d : values_of(from_monday(f.last_weekdays)))
    words.push_back("the last " + weekday_name(d % 7) + " of the month");
  return joined(words);
}

bool only_weekdays(const cron_fields& f) noexcept {
  return f.weekdays != 0 && f.days == 0 && f.near_days == 0 && !f.last_day
         && !f.last_workday && f.last_weekdays == 0
         && f.nth_weekdays == std::array<std::uint8_t, 5>{};
}

bool only_days(const cron_fields& f) noexcept {
  return f.days != 0 && f.near_days == 0 && !f.last_day && !f.last_workday
         && f.weekdays == 0 && f.last_weekdays == 0
         && f.nth_weekdays == std::array<std::uint8_t, 5>{};
}

} // namespace

std::string describe_cron(const cron_fields& f) {
  const auto time = time_of(f);
  const bool daily = f.days == every_day_of_month;
  const bool monthly = f.months == every_month;
  const auto months = listed(
      f.months, [](unsigned m) { return std::string{month_names[m]}; });
  const auto at = time.is_clock ? "at " + time.text : time.text;
  if (daily && monthly)
    return time.is_clock ? "daily " + at : at;
  if (daily)
    return (time.is_clock ? "daily " : "") + at + " in " + months;
  // One date of one month: "yearly on 1 January".
  if (only_days(f) && is_single(f.days) && is_single(f.months)) {
    const auto date = number(values_of(f.days)[0]) + " " + months;
    return time.is_clock ? "yearly on " + date + " " + at : at + " on " + date;
  }
  const auto in_months = monthly ? "" : " in " + months;
  const bool workweek = only_weekdays(f) && f.weekdays == 0x3e;
  const auto days
      = workweek ? std::string{"Mondays to Fridays"} : "on " + days_of(f);
  if (!time.is_clock)
    return at + (workweek ? ", " : " ") + days + in_months;
  if (only_weekdays(f) && is_single(f.weekdays) && monthly)
    return "weekly " + days + " " + at;
  if (only_days(f) && monthly)
    return "monthly " + days + " " + at;
  return days + in_months + " " + at;
}

} // namespace jobq
