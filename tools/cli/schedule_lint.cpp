#include "tools/cli/schedule_lint.hpp"

#include <array>
#include <charconv>
#include <cstddef>

namespace jobq {

namespace {

struct field_kind {
  std::string_view name;
  std::string_view unit;  ///< what its values count
  std::string_view whole; ///< after which it begins again
  int values = 0;
};

constexpr std::array<field_kind, 3> clock_fields{
    {{"second", "seconds", "minute", 60},
     {"minute", "minutes", "hour", 60},
     {"hour", "hours", "day", 24}}};

std::vector<std::string> fields_of(std::string_view expression) {
  std::vector<std::string> fields;
  while (true) {
    const auto begin = expression.find_first_not_of(" \t");
    if (begin == std::string_view::npos)
      return fields;
    expression.remove_prefix(begin);
    const auto end = expression.find_first_of(" \t");
    fields.emplace_back(expression.substr(0, end));
    expression.remove_prefix(fields.back().size());
  }
}

/// The step of a field that is `*/n` or `0/n`; 0 otherwise.
int whole_step(const std::string& field) {
  const auto slash = field.find('/');
  if (slash == std::string::npos || field.find(',') != std::string::npos
      || (field.substr(0, slash) != "*" && field.substr(0, slash) != "0"))
    return 0;
  int step = 0;
  std::from_chars(field.data() + slash + 1, field.data() + field.size(), step);
  return step;
}

bool is_free(const std::string& field) {
  return field == "*" || field == "?";
}

} // namespace

std::vector<std::string> schedule_doubts(std::string_view expression) {
  std::vector<std::string> doubts;
  const auto fields = fields_of(expression);
  if (fields.size() != 6)
    return doubts;
  for (std::size_t at = 0; at < clock_fields.size(); ++at) {
    const auto& kind = clock_fields[at];
    const auto step = whole_step(fields[at]);
    if (step < 2 || kind.values % step == 0)
      continue;
    const auto last = (kind.values - 1) / step * step;
    doubts.push_back(
        std::string{kind.name} + " " + fields[at] + " is not every "
        + std::to_string(step) + " " + std::string{kind.unit}
        + ": it begins again every " + std::string{kind.whole} + ", so "
        + std::to_string(kind.values - last) + " " + std::string{kind.unit}
        + " lie between " + std::to_string(last) + " and the next 0");
  }
  const auto& day = fields[3];
  const auto& weekday = fields[5];
  if (!is_free(day) && !is_free(weekday))
    doubts.push_back("day-of-month " + day + " and day-of-week " + weekday
                     + " are both restricted: it fires when either matches, "
                       "not only when both do");
  else if (is_free(weekday) && fields[4] == "*"
           && (day == "31" || day == "30" || day == "29"))
    doubts.push_back("day-of-month " + day
                     + " skips the months without it; the last day of every "
                       "month is L");
  if (fields[0] == "*" || fields[0] == "*/1") {
    if (fields[1] == "*" && fields[2] == "*")
      doubts.push_back("it fires every second; for every minute write 0 in "
                       "the first field, which is seconds");
    else
      doubts.push_back("it fires every second of each matching minute; write "
                       "0 in the first field, which is seconds");
  }
  return doubts;
}

} // namespace jobq
