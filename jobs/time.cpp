#include "jobs/time.hpp"

#include <array>
#include <cstdint>
#include <utility>

namespace jobq {

namespace {

using std::chrono::days;

constexpr milliseconds longest_duration = days{36525};

bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}

/// Input as a message may show it: printable and short.
std::string quoted(std::string_view text) {
  constexpr std::size_t shown = 60;
  std::string out = "\"";
  for (const char c : text.substr(0, shown))
    out += c >= ' ' && c <= '~' ? c : '?';
  if (text.size() > shown)
    out += "...";
  return out + "\"";
}

/// `value` in at least `width` digits.
std::string padded(std::int64_t value, std::size_t width) {
  auto digits = std::to_string(value < 0 ? -value : value);
  if (digits.size() < width)
    digits.insert(0, width - digits.size(), '0');
  return value < 0 ? "-" + digits : digits;
}

/// Reads an RFC 3339 text from left to right.
class reader {
public:
  explicit reader(std::string_view text) : text_{text} {}

  /// Exactly `count` digits, or -1.
  int digits(std::size_t count) {
    if (text_.size() < count)
      return -1;
    int value = 0;
    for (std::size_t i = 0; i < count; ++i) {
      if (!is_digit(text_[i]))
        return -1;
      value = value * 10 + (text_[i] - '0');
    }
    text_.remove_prefix(count);
    return value;
  }

  /// One of the characters, or 0.
  char one_of(std::string_view any) {
    if (text_.empty() || any.find(text_[0]) == std::string_view::npos)
      return 0;
    const char c = text_[0];
    text_.remove_prefix(1);
    return c;
  }

  bool at_end() const noexcept { return text_.empty(); }

private:
  std::string_view text_;
};

result<time_point> bad_instant(std::string_view text, std::string_view why) {
  return fail(errc::invalid_argument,
              quoted(text)
                  + " is not an RFC 3339 instant: " + std::string{why});
}

struct unit {
  std::string_view name;
  std::int64_t length; ///< milliseconds
};

constexpr std::array<unit, 5> units{{{"d", 86'400'000},
                                     {"h", 3'600'000},
                                     {"m", 60'000},
                                     {"s", 1'000},
                                     {"ms", 1}}};

result<milliseconds> bad_duration(std::string_view text, std::string_view why) {
  return fail(errc::invalid_argument,
              quoted(text) + " is not a duration: " + std::string{why});
}

} // namespace

std::string format_utc(time_point at) {
  using namespace std::chrono;
  const auto day = floor<days>(at);
  const year_month_day date{day};
  const hh_mm_ss time{at - day};
  return padded(int{date.year()}, 4) + "-" + padded(unsigned{date.month()}, 2)
         + "-" + padded(unsigned{date.day()}, 2) + "T"
         + padded(time.hours().count(), 2) + ":"
         + padded(time.minutes().count(), 2) + ":"
         + padded(time.seconds().count(), 2) + "."
         + padded(time.subseconds().count(), 3) + "Z";
}

result<time_point> parse_rfc3339(std::string_view text) {
  using namespace std::chrono;
  constexpr std::string_view shape
      = "write it like 2027-03-28T03:00:00Z or 2027-03-28T03:00:00+02:00";
  reader in{text};
  const int y = in.digits(4);
  const bool dash1 = in.one_of("-") != 0;
  const int mon = in.digits(2);
  const bool dash2 = in.one_of("-") != 0;
  const int d = in.digits(2);
  const bool t = in.one_of("Tt ") != 0;
  const int h = in.digits(2);
  const bool colon1 = in.one_of(":") != 0;
  const int min = in.digits(2);
  const bool colon2 = in.one_of(":") != 0;
  int s = in.digits(2);
  if (y < 0 || !dash1 || mon < 0 || !dash2 || d < 0 || !t || h < 0 || !colon1
      || min < 0 || !colon2 || s < 0)
    return bad_instant(text, shape);
  int millis = 0;
  if (in.one_of(".") != 0) {
    int count = 0;
    for (int digit = in.digits(1); digit >= 0; digit = in.digits(1)) {
      if (count < 3)
        millis = millis * 10 + digit;
      ++count;
    }
    if (count == 0)
      return bad_instant(text, shape);
    for (; count < 3; ++count)
      millis *= 10;
  }
  if (in.at_end())
    return bad_instant(text, "it has no offset; add Z for UTC");
  minutes offset{0};
  if (in.one_of("Zz") == 0) {
    const char sign = in.one_of("+-");
    const int offset_h = in.digits(2);
    const bool colon = in.one_of(":") != 0;
    const int offset_m = in.digits(2);
    if (sign == 0 || offset_h < 0 || !colon || offset_m < 0)
      return bad_instant(text, shape);
    if (offset_h > 23 || offset_m > 59)
      return bad_instant(text, "no offset is that large");
    offset = minutes{offset_h * 60 + offset_m};
    if (sign == '-')
      offset = -offset;
  }
  if (!in.at_end())
    return bad_instant(text, shape);
  const year_month_day date{year{y}, month{static_cast<unsigned>(mon)},
                            day{static_cast<unsigned>(d)}};
  if (!date.ok())
    return bad_instant(text, "there is no such date");
  if (h > 23 || min > 59 || s > 60)
    return bad_instant(text, "there is no such time of day");
  const bool leap = s == 60;
  if (leap)
    s = 59;
  const time_point at{sys_days{date} + hours{h} + minutes{min} + seconds{s}
                      + milliseconds{millis} - offset};
  // Leap seconds end a day of UTC, whatever the offset that they are told in.
  if (leap && floor<days>(at + seconds{1}) != floor<seconds>(at) + seconds{1})
    return bad_instant(text, "a leap second comes only at 23:59:60 UTC");
  return at;
}

result<milliseconds> parse_duration(std::string_view text) {
  constexpr std::string_view shape
      = "write a number and a unit (ms, s, m, h, d), such as 30s or 1h30m";
  if (text == "0")
    return milliseconds{0};
  if (text.empty())
    return bad_duration(text, shape);
  if (text[0] == '-')
    return bad_duration(text, "it is negative");
  std::int64_t total = 0;
  std::size_t next_unit = 0;
  auto rest = text;
  while (!rest.empty()) {
    // Saturates far above the limit, so that no length of digits overflows.
    constexpr std::int64_t cap = 1'000'000'000'000'000;
    std::int64_t whole = 0;
    std::size_t i = 0;
    for (; i < rest.size() && is_digit(rest[i]); ++i)
      whole = whole >= cap ? cap : whole * 10 + (rest[i] - '0');
    if (i == 0)
      return bad_duration(text, shape);
    std::string_view fraction;
    if (i < rest.size() && rest[i] == '.') {
      const auto begin = ++i;
      while (i < rest.size() && is_digit(rest[i]))
        ++i;
      fraction = rest.substr(begin, i - begin);
      if (fraction.empty())
        return bad_duration(text, shape);
      while (!fraction.empty() && fraction.back() == '0')
        fraction.remove_suffix(1);
    }
    const auto unit_begin = i;
    while (i < rest.size() && !is_digit(rest[i]) && rest[i] != '.')
      ++i;
    const auto name = rest.substr(unit_begin, i - unit_begin);
    rest.remove_prefix(i);
    std::size_t u = 0;
    while (u < units.size() && units[u].name != name)
      ++u;
    if (u == units.size())
      return bad_duration(text, name.empty() ? "a number has no unit (ms, s, "
                                               "m, h, d)"
                                             : shape);
    if (u < next_unit)
      return bad_duration(text, "units come in falling order, each once");
    next_unit = u + 1;
    const auto length = units[u].length;
    std::int64_t part = 0;
    std::int64_t scale = 1;
    for (const char c : fraction) {
      // No unit is divisible by 10^9, so longer fractions cannot be whole.
      if (scale >= 1'000'000'000)
        return bad_duration(text, "it is finer than a millisecond");
      part = part * 10 + (c - '0');
      scale *= 10;
    }
    if (part * length % scale != 0)
      return bad_duration(text, "it is finer than a millisecond");
    if (whole > longest_duration.count() / length)
      return bad_duration(text, "it is longer than 100 years");
    total += whole * length + part * length / scale;
    if (total > longest_duration.count())
      return bad_duration(text, "it is longer than 100 years");
  }
  return milliseconds{total};
}

std::string format_duration(milliseconds value) {
  auto rest = value.count();
  if (rest == 0)
    return "0s";
  std::string text;
  if (rest < 0)
    text += '-';
  for (const auto& [name, length] : units) {
    // Signed division keeps even the smallest value in range.
    const auto amount = rest / length;
    rest %= length;
    if (amount != 0)
      text += std::to_string(amount < 0 ? -amount : amount) + std::string{name};
  }
  return text;
}

} // namespace jobq
