#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <utility>
#include <vector>

#include "jobs/cron_fields.hpp"
#include "jobs/names.hpp"

namespace jobq {

namespace {

constexpr std::array<std::string_view, 12> month_names{
    "JAN", "FEB", "MAR", "APR", "MAY", "JUN",
    "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"};
constexpr std::array<std::string_view, 12> long_month_names{
    "January", "February", "March",     "April",   "May",      "June",
    "July",    "August",   "September", "October", "November", "December"};
constexpr std::array<std::string_view, 7> day_names{"SUN", "MON", "TUE", "WED",
                                                    "THU", "FRI", "SAT"};

enum field_index : std::size_t {
  second,
  minute,
  hour,
  day_of_month,
  month,
  day_of_week
};

struct field_rule {
  std::string_view name;
  unsigned low;
  unsigned high;
  std::string_view allowed;

  unsigned size() const noexcept { return high - low + 1; }
};

constexpr std::array<field_rule, 6> rules{
    {{"second", 0, 59, "0-59"},
     {"minute", 0, 59, "0-59"},
     {"hour", 0, 23, "0-23"},
     {"day-of-month", 1, 31, "1-31"},
     {"month", 1, 12, "1-12 or JAN-DEC"},
     {"day-of-week", 0, 6, "0-6 or SUN-SAT"}}};

constexpr std::string_view shape
    = "second minute hour day-of-month month day-of-week";

/// A part of the expression, by place.
struct slice {
  std::size_t begin = 0;
  std::size_t size = 0;
};

/// One error, before it is laid out.
struct fault {
  std::string message;
  std::optional<slice> mark;
  std::string hint;
};

bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}

bool is_letter(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_blank(char c) noexcept {
  return c == ' ' || c == '\t';
}

std::string upper(std::string_view text) {
  std::string out{text};
  for (auto& c : out)
    if (c >= 'a' && c <= 'z')
      c = static_cast<char>(c - 'a' + 'A');
  return out;
}

/// Bytes as a terminal may show them.
std::string printable(std::string_view text) {
  constexpr std::string_view hex = "0123456789abcdef";
  std::string out;
  for (const char c : text) {
    if (c == '\t') {
      out += ' ';
    } else if (c >= ' ' && c <= '~') {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += "\\x";
      out += hex[byte >> 4];
      out += hex[byte & 15];
    }
  }
  return out;
}

/// Offending text within a sentence: printable and short.
std::string shown(std::string_view text) {
  constexpr std::size_t longest = 30;
  if (text.size() <= longest)
    return printable(text);
  return printable(text.substr(0, longest)) + "...";
}

std::string quoted(std::string_view text) {
  return "\"" + shown(text) + "\"";
}

/// The whole message: the sentence, the expression or the part of it around
/// the mark, the mark, the hint.
std::string laid_out(std::string_view expression, const fault& f) {
  constexpr std::size_t before_mark = 40;
  constexpr std::size_t longest = 100;
  constexpr std::string_view indent = "\n    ";
  auto text = "invalid schedule: " + f.message;
  if (!expression.empty()) {
    const auto mark = f.mark.value_or(slice{0, 0});
    std::size_t begin = 0;
    std::size_t end = expression.size();
    if (end > longest) {
      begin = mark.begin > before_mark ? mark.begin - before_mark : 0;
      end = std::min(end, begin + longest);
    }
    std::string line = begin > 0 ? "..." : "";
    line += printable(expression.substr(begin, mark.begin - begin));
    const auto mark_column = line.size();
    const auto marked = printable(
        expression.substr(mark.begin, std::min(mark.size, end - mark.begin)));
    line += marked;
    const auto mark_end = std::min(end, mark.begin + mark.size);
    line += printable(expression.substr(mark_end, end - mark_end));
    if (end < expression.size())
      line += "...";
    text += indent;
    text += line;
    if (f.mark) {
      text += indent;
      text += std::string(mark_column, ' ')
              + std::string(std::max<std::size_t>(marked.size(), 1), '^');
    }
  }
  if (!f.hint.empty()) {
    text += indent;
    text += f.hint;
  }
  return text;
}

struct nickname {
  std::string_view name;
  std::string_view expression;
};

constexpr std::array<nickname, 7> nicknames{{{"@yearly", "0 0 0 1 1 *"},
                                             {"@annually", "0 0 0 1 1 *"},
                                             {"@monthly", "0 0 0 1 * *"},
                                             {"@weekly", "0 0 0 * * 0"},
                                             {"@daily", "0 0 0 * * *"},
                                             {"@midnight", "0 0 0 * * *"},
                                             {"@hourly", "0 0 * * * *"}}};

/// A number or a name of a field, read.
struct value {
  unsigned number = 0;
  bool named = false;
  bool seven = false; ///< Sunday written as 7
};

/// Reads one expression. The first fault ends it.
class cron_reader {
public:
  explicit cron_reader(std::string_view expression) : text_{expression} {}

  bool read();

  const cron_fields& fields() const noexcept { return fields_; }
  const fault& what() const noexcept { return fault_; }

private:
  std::string_view at(slice part) const {
    return text_.substr(part.begin, part.size);
  }

  bool refuse(std::string message, std::optional<slice> mark,
              std::string hint = {}) {
    fault_ = {std::move(message), mark, std::move(hint)};
    return false;
  }

  /// A fault inside the current field.
  bool refuse_part(slice part, const std::string& message,
                   std::string hint = {}) {
    return refuse(std::string{rules[field_].name} + " (field "
                      + std::to_string(field_ + 1) + "): " + message,
                  part, std::move(hint));
  }

  bool read_nickname();
  bool refuse_field_count();
  bool read_field(std::size_t index);
  bool read_item(slice item);
  bool read_day_of_month_item(slice item, bool& done);
  bool read_day_of_week_item(slice item, bool& done);
  bool read_range(slice item, std::uint64_t& set);
  bool read_value(slice part, value& out);
  bool read_step(slice part, unsigned& out);
  bool refuse_word(slice part);
  bool refuse_reversed(slice range, slice low, slice high, bool stepped,
                       const value& from, const value& to);
  bool finish();
  bool refuse_never();

  std::string_view text_;
  std::vector<slice> parts_; ///< the fields; at most 64 are kept
  std::size_t part_count_ = 0;
  std::size_t field_ = 0;
  std::array<std::uint64_t, 6> sets_{};
  std::array<bool, 6> unrestricted_{};
  cron_fields fields_;
  fault fault_;
};

bool cron_reader::read() {
  for (std::size_t i = 0; i < text_.size();) {
    if (is_blank(text_[i])) {
      ++i;
      continue;
    }
    const auto begin = i;
    while (i < text_.size() && !is_blank(text_[i]))
      ++i;
    ++part_count_;
    if (parts_.size() < 64)
      parts_.push_back({begin, i - begin});
  }
  if (parts_.empty())
    return refuse("empty expression, expected 6 fields (" + std::string{shape}
                      + ")",
                  std::nullopt);
  const auto first = at(parts_[0]);
  if (first[0] == '@')
    return read_nickname();
  for (const std::string_view zone : {"TZ=", "CRON_TZ="})
    if (first.starts_with(zone))
      return refuse("a time zone does not belong into the expression",
                    parts_[0], "use the zone option (timezone, --tz) instead");
  for (std::size_t i = 0; i < parts_.size(); ++i)
    if ((i == 0 || i >= 6) && at(parts_[i])[0] == '#')
      return refuse("comments are not supported", parts_[i]);
  if (part_count_ != 6)
    return refuse_field_count();
  for (std::size_t i = 0; i < 6; ++i)
    if (!read_field(i))
      return false;
  return finish();
}

bool cron_reader::read_nickname() {
  const auto name = at(parts_[0]);
  std::vector<std::string> names;
  std::string all;
  for (const auto& known : nicknames) {
    if (name == known.name) {
      if (part_count_ > 1)
        return refuse("nothing may follow the nickname " + std::string{name},
                      parts_[1]);
      cron_reader whole{known.expression};
      const bool ok = whole.read();
      fields_ = whole.fields();
      return ok;
    }
    names.emplace_back(known.name);
    all.append(all.empty() ? "" : " ").append(known.name);
  }
  std::string hint;
  if (name == "@every")
    hint = "write a step instead, such as \"0 */10 * * * *\" for every 10 "
           "minutes";
  else if (name == "@reboot")
    hint = "a schedule is a set of times; use bootstrap_jobs for what starts "
           "with the server";
  std::string lower;
  for (const char c : name.substr(0, 32))
    lower += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  if (hint.empty()) {
    const auto best = closest(lower, names);
    hint = best.empty() ? "there are " + all : "did you mean \"" + best + "\"?";
  }
  return refuse(quoted(name) + " is not a nickname", parts_[0], hint);
}

bool cron_reader::refuse_field_count() {
  const auto valid = [](const std::string& expression) {
    return cron_reader{expression}.read();
  };
  const auto joined = [this](std::string out, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i)
      out.append(out.empty() ? "" : " ").append(at(parts_[i]));
    return out;
  };
  std::string hint;
  const bool is_short = text_.size() <= 200;
  if (part_count_ == 5) {
    hint = "jobq schedules start with a seconds field";
    if (is_short)
      if (const auto six = joined("0", 5); valid(six))
        hint += "; did you mean \"" + six + "\"?";
  } else if (part_count_ == 7) {
    hint = "jobq schedules have no year field";
    if (is_short)
      if (const auto six = joined("", 6); valid(six))
        hint += "; did you mean \"" + six + "\"?";
  }
  return refuse(std::to_string(part_count_)
                    + (part_count_ == 1 ? " field" : " fields")
                    + ", expected 6 (" + std::string{shape} + ")",
                std::nullopt, hint);
}

bool cron_reader::read_field(std::size_t index) {
  field_ = index;
  const auto part = parts_[index];
  const auto text = at(part);
  const bool is_day = index == day_of_month || index == day_of_week;
  unrestricted_[index] = text == "*" || (is_day && text == "?");
  if (unrestricted_[index]) {
    for (unsigned n = rules[index].low; n <= rules[index].high; ++n)
      sets_[index] |= std::uint64_t{1} << n;
  } else {
    // Items are told apart first, so that an empty one marks its comma.
    std::size_t begin = 0;
    for (;;) {
      const auto comma = text.find(',', begin);
      const auto end = std::min(comma, text.size());
      const slice item{part.begin + begin, end - begin};
      if (item.size == 0)
        return refuse_part(
            {part.begin + (begin == text.size() ? begin - 1 : begin), 1},
            "empty item in a list");
      if (!read_item(item))
        return false;
      if (comma == std::string_view::npos)
        break;
      begin = comma + 1;
    }
  }
  if (index <= hour && text.find_first_of("*/") != std::string_view::npos)
    fields_.interval = true;
  return true;
}

bool cron_reader::read_item(slice item) {
  const auto text = at(item);
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (static_cast<unsigned char>(c) >= 0x80) {
      // The whole character, as far as its bytes follow one another.
      std::size_t size = 1;
      while (i + size < text.size() && size < 4
             && (static_cast<unsigned char>(text[i + size]) & 0xc0) == 0x80)
        ++size;
      return refuse_part({item.begin + i, size},
                         "a character that is not ASCII");
    }
    if (c < ' ' || c == 0x7f)
      return refuse_part({item.begin + i, 1}, "a control character",
                         "fields are separated by spaces or tabs");
  }
  bool done = false;
  if (field_ == day_of_month) {
    if (!read_day_of_month_item(item, done))
      return false;
  } else if (field_ == day_of_week) {
    if (!read_day_of_week_item(item, done))
      return false;
  }
  return done || read_range(item, sets_[field_]);
}

bool cron_reader::read_day_of_month_item(slice item, bool& done) {
  const auto text = upper(at(item).substr(0, 40));
  done = true;
  if (text == "L") {
    fields_.last_day = true;
    return true;
  }
  if (text == "LW") {
    fields_.last_workday = true;
    return true;
  }
  if (text.starts_with("L-"))
    return refuse_part(item, shown(at(item)) + ": L-n is not supported",
                       "L alone is the last day of the month, LW its last "
                       "Monday-to-Friday");
  if (text == "WL")
    return refuse_part(item, shown(at(item)) + " is not a day",
                       "did you mean LW?");
  if (item.size > 1 && is_digit(text[0]) && at(item).back() == 'L')
    return refuse_part(item, shown(at(item)) + " is not a day of the month",
                       "L stands alone here; dL belongs into day-of-week");
  if (text.find('#') != std::string::npos)
    return refuse_part(item, shown(at(item)) + " is not a day of the month",
                       "d#k belongs into day-of-week (field 6)");
  if (is_digit(text[0]) && text.find('W') != std::string::npos
      && text.find_first_of("-/") != std::string::npos)
    return refuse_part(item, shown(at(item)) + ": W takes a single day",
                       "list the days one by one");
  const bool is_near = item.size > 1 && is_digit(text[0])
                       && (at(item).back() == 'W' || at(item).back() == 'w');
  if (is_near) {
    value day;
    if (!read_value({item.begin, item.size - 1}, day))
      return false;
    fields_.near_days |= std::uint32_t{1} << day.number;
    return true;
  }
  if (text == "W")
    return refuse_part(item, "W needs a day in front of it, such as 15W");
  done = false;
  return true;
}

bool cron_reader::read_day_of_week_item(slice item, bool& done) {
  const auto text = at(item);
  done = true;
  if (text == "L" || text == "l")
    return refuse_part(item, "L needs a weekday in front of it, such as 5L or "
                             "FRIL");
  slice weekday{};
  bool is_last = false;
  slice rank{};
  if (const auto hash = text.find('#'); hash != std::string_view::npos) {
    weekday = {item.begin, hash};
    rank = {item.begin + hash + 1, item.size - hash - 1};
    is_last = at(rank) == "L" || at(rank) == "l";
  } else if (item.size > 1 && (text.back() == 'L' || text.back() == 'l')
             && (is_digit(text[0]) || item.size == 4)) {
    weekday = {item.begin, item.size - 1};
    is_last = true;
  } else {
    done = false;
    return true;
  }
  if (at(weekday).find_first_of("-/*?") != std::string_view::npos)
    return refuse_part(item,
                       shown(text) + ": " + (is_last ? "L" : "#")
                           + " takes a single weekday",
                       "list the weekdays one by one");
  value day;
  if (!read_value(weekday, day))
    return false;
  const auto bit = static_cast<std::uint8_t>(1U << day.number);
  if (is_last) {
    fields_.last_weekdays |= bit;
    return true;
  }
  auto digits = at(rank);
  while (digits.size() > 1 && digits[0] == '0')
    digits.remove_prefix(1);
  if (digits.size() != 1 || digits[0] < '1' || digits[0] > '5')
    return refuse_part(rank.size == 0 ? item : rank,
                       rank.size == 0
                           ? "the number after # is missing"
                           : shown(at(rank)) + " after # is out of range 1-5",
                       "d#1 to d#5 count the weekday in its month; dL is the "
                       "last one");
  fields_.nth_weekdays[static_cast<std::size_t>(digits[0] - '1')] |= bit;
  return true;
}

bool cron_reader::read_range(slice item, std::uint64_t& set) {
  const auto& rule = rules[field_];
  const auto text = at(item);
  const auto slash = text.find('/');
  const bool stepped = slash != std::string_view::npos;
  const slice base{item.begin, std::min(slash, text.size())};
  const auto base_text = at(base);
  unsigned low = rule.low;
  unsigned high = rule.high;
  if (base_text.find('?') != std::string_view::npos)
    return refuse_part(item, field_ == day_of_month || field_ == day_of_week
                                 ? "? must be the whole field"
                                 : "? is allowed in the day fields only");
  if (base_text.empty())
    return refuse_part(item, "nothing stands in front of the /",
                       "did you mean \"*" + shown(text) + "\"?");
  if (base_text != "*") {
    const auto dash = base_text.find('-');
    const slice left{base.begin, std::min(dash, base.size)};
    value from;
    if (dash == 0)
      return refuse_part(item, shown(text) + ": signs are not allowed",
                         "allowed is " + std::string{rule.allowed});
    if (dash != std::string_view::npos) {
      const slice right{base.begin + dash + 1, base.size - dash - 1};
      value to;
      if (right.size == 0)
        return refuse_part(item, shown(text) + ": the range has no end");
      if (!read_value(left, from) || !read_value(right, to))
        return false;
      low = from.number;
      high = to.number;
      // At the end of a range Sunday is the one after Saturday.
      if (field_ == day_of_week && high == 0 && (to.named || to.seven))
        high = 7;
      if (low > high)
        return refuse_reversed(item, left, right, stepped, from, to);
    } else {
      if (!read_value(left, from))
        return false;
      low = from.number;
      if (!stepped)
        high = low;
    }
  }
  unsigned step = 1;
  if (stepped
      && !read_step({item.begin + slash + 1, item.size - slash - 1}, step))
    return false;
  for (unsigned n = low; n <= high; n += step)
    set |= std::uint64_t{1} << (field_ == day_of_week && n == 7 ? 0 : n);
  return true;
}

bool cron_reader::read_value(slice part, value& out) {
  const auto text = at(part);
  const auto& rule = rules[field_];
  if (text.empty())
    return refuse_part({part.begin, 1}, "a value is missing",
                       "allowed is " + std::string{rule.allowed});
  if (std::all_of(text.begin(), text.end(), is_digit)) {
    unsigned number = 0;
    for (const char c : text)
      number = std::min(1000U, number * 10 + static_cast<unsigned>(c - '0'));
    if (field_ == day_of_week && number == 7) {
      out = {0, false, true};
      return true;
    }
    if (number < rule.low || number > rule.high)
      return refuse_part(part, shown(text) + " is out of range "
                                   + std::string{rule.allowed});
    out = {number, false, false};
    return true;
  }
  const auto name = upper(text.substr(0, 4));
  if (field_ == month || field_ == day_of_week) {
    const bool is_month = field_ == month;
    const auto* begin = is_month ? month_names.data() : day_names.data();
    const auto* end
        = begin + (is_month ? month_names.size() : day_names.size());
    if (const auto* found = std::find(begin, end, name); found != end) {
      out = {static_cast<unsigned>(found - begin) + rule.low, true, false};
      return true;
    }
  }
  return refuse_word(part);
}

bool cron_reader::read_step(slice part, unsigned& out) {
  const auto text = at(part);
  const auto size = rules[field_].size();
  const auto sized = std::to_string(size);
  if (text.empty())
    return refuse_part({part.begin - 1, 1}, "the step is missing",
                       "a step is 1 to " + sized);
  if (!std::all_of(text.begin(), text.end(), is_digit))
    return refuse_part(part, shown(text) + " is not a step",
                       "a step is a number from 1 to " + sized);
  unsigned step = 0;
  for (const char c : text)
    step = std::min(1000U, step * 10 + static_cast<unsigned>(c - '0'));
  if (step == 0)
    return refuse_part(part,
                       "step " + shown(text) + " is out of range 1-" + sized);
  if (step > size)
    return refuse_part(part,
                       "step " + shown(text) + " is larger than the " + sized
                           + " values of " + std::string{rules[field_].name}
                           + " (allowed 1-" + sized + ")",
                       "a step cannot reach past its field; use two schedules "
                       "or a step in a larger field");
  out = step;
  return true;
}

/// A word that is no value of the field: says what it looks like.
bool cron_reader::refuse_word(slice part) {
  const auto text = at(part);
  const auto word = upper(text.substr(0, 16));
  const auto& rule = rules[field_];
  const auto allowed = "allowed is " + std::string{rule.allowed};
  if (text.find('~') != std::string_view::npos)
    return refuse_part(part,
                       shown(text)
                           + ": random values (~) are not "
                             "supported",
                       "use a job's jitter to spread its start");
  if (word == "H" || word.starts_with("H("))
    return refuse_part(part, shown(text) + ": hashed values are not supported",
                       "use a number, and a job's jitter to spread its start");
  if (text.find('+') != std::string_view::npos)
    return refuse_part(part, shown(text) + ": + is not supported", allowed);
  if (text.find('.') != std::string_view::npos)
    return refuse_part(part, shown(text) + ": fractions are not supported",
                       allowed);
  if (text.find('*') != std::string_view::npos)
    return refuse_part(part, shown(text) + ": * stands alone or before a step",
                       "such as * or */5");
  if (std::all_of(text.begin(), text.end(), is_letter)) {
    const auto known = [&word](const auto& names) {
      return std::find(names.begin(), names.end(), word) != names.end();
    };
    if (known(day_names))
      return refuse_part(part,
                         shown(text)
                             + " is a name of day-of-week, not "
                               "of "
                             + std::string{rule.name},
                         "names of days belong into field 6");
    if (known(month_names))
      return refuse_part(part,
                         shown(text) + " is a name of month, not of "
                             + std::string{rule.name},
                         "names of months belong into field 5");
    const auto prefix = word.substr(0, 3);
    const auto starts = [&prefix](const auto& names) {
      return std::find(names.begin(), names.end(), prefix) != names.end();
    };
    if (text.size() > 3
        && ((field_ == day_of_week && starts(day_names))
            || (field_ == month && starts(month_names))))
      return refuse_part(part, shown(text) + ": names have three letters",
                         "did you mean " + prefix + "?");
  }
  return refuse_part(
      part, shown(text) + " is not a value of " + std::string{rule.name},
      allowed);
}

bool cron_reader::refuse_reversed(slice range, slice low, slice high,
                                  bool stepped, const value& from,
                                  const value& to) {
  const auto& rule = rules[field_];
  const auto message = shown(at(range)) + " runs backwards";
  if (stepped)
    return refuse_part(range, message, "write two ranges");
  const auto a = upper(at(low));
  const auto b = upper(at(high));
  const auto joined = [](const std::string& x, const std::string& y) {
    return x == y ? x : x + "-" + y;
  };
  std::string first;
  std::string rest;
  if (field_ == day_of_week) {
    // The week is cut after Sunday: FRI-MON is FRI-SUN and MON.
    const bool named = from.named || to.named;
    first = a + (named ? "-SUN" : "-7");
    if (to.number > 0)
      rest = joined(to.named ? "MON" : "1", b);
  } else {
    const auto end = from.named ? "DEC" : std::to_string(rule.high);
    const auto begin = to.named ? "JAN" : std::to_string(rule.low);
    first = from.number == rule.high ? a : a + "-" + end;
    rest = to.number == rule.low ? b : begin + "-" + b;
  }
  return refuse_part(range, message,
                     "write " + first + (rest.empty() ? "" : "," + rest));
}

bool cron_reader::finish() {
  fields_.seconds = sets_[second];
  fields_.minutes = sets_[minute];
  fields_.hours = static_cast<std::uint32_t>(sets_[hour]);
  fields_.months = static_cast<std::uint16_t>(sets_[month]);
  // A day field that restricts nothing leaves the word to the other one.
  const bool by_date = !unrestricted_[day_of_month];
  const bool by_week = !unrestricted_[day_of_week];
  if (by_date || !by_week)
    fields_.days = static_cast<std::uint32_t>(sets_[day_of_month]);
  if (by_week)
    fields_.weekdays = static_cast<std::uint8_t>(sets_[day_of_week]);
  // One form for every way to say "every day".
  if (fields_.days == every_day_of_month || fields_.weekdays == 0x7f) {
    fields_.days = every_day_of_month;
    fields_.near_days = 0;
    fields_.last_day = fields_.last_workday = false;
    fields_.weekdays = fields_.last_weekdays = 0;
    fields_.nth_weekdays = {};
  }
  // Within 28 years every date has come, save for the fifth weekdays of
  // February; those come within 400.
  const bool sure = fields_.last_day || fields_.last_workday
                    || fields_.weekdays != 0 || fields_.last_weekdays != 0
                    || fields_.nth_weekdays != std::array<std::uint8_t, 5>{};
  for (unsigned m = 1; !sure && m <= 12; ++m)
    if (fields_.month_days(2000, m) != 0)
      return true;
  return sure || refuse_never();
}

bool cron_reader::refuse_never() {
  field_ = day_of_month;
  const auto listed = [](const std::vector<std::string>& words) {
    std::string out;
    for (std::size_t i = 0; i < words.size(); ++i)
      out += (i == 0 ? "" : i + 1 == words.size() ? " and " : ", ") + words[i];
    return out;
  };
  const auto all = fields_.days | fields_.near_days;
  std::vector<std::string> days;
  for (unsigned d = 1; d <= 31; ++d)
    if (all >> d & 1)
      days.push_back(std::to_string(d));
  std::vector<std::string> dates;
  for (unsigned m = 1; m <= 12; ++m)
    if (fields_.months >> m & 1)
      dates.push_back(listed(days) + " "
                      + std::string{long_month_names[m - 1]});
  const bool one = days.size() == 1 && dates.size() == 1;
  return refuse_part(parts_[day_of_month], "it never fires: " + listed(dates)
                                               + (one ? " does" : " do")
                                               + " not exist");
}

} // namespace

result<cron_fields> parse_cron(std::string_view expression) {
  cron_reader reader{expression};
  if (reader.read())
    return reader.fields();
  // Blanks around the expression are no part of what the reader wants to see.
  auto what = reader.what();
  const auto begin = expression.find_first_not_of(" \t");
  if (begin == std::string_view::npos)
    return fail(errc::invalid_argument, laid_out({}, what));
  const auto end = expression.find_last_not_of(" \t") + 1;
  if (what.mark)
    what.mark->begin -= begin;
  return fail(errc::invalid_argument,
              laid_out(expression.substr(begin, end - begin), what));
}

} // namespace jobq
