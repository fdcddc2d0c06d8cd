#include "tools/cli/calendar.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <string_view>
#include <vector>

#include "jobs/cron_explain.hpp"
#include "tools/cli/text.hpp"

namespace jobq {

namespace {

namespace chrono = std::chrono;

using chrono::days;
using chrono::sys_seconds;
// Local dates are held as if they were dates in UTC.
using local_day = chrono::sys_days;
using chrono::year_month;

constexpr std::size_t month_width = 21; // seven days of three columns
constexpr std::size_t month_distance = 3;
constexpr std::size_t width_without_terminal = 80;
constexpr std::size_t fires_to_explain = 2'000;
constexpr chrono::hours widest_offset{26};

constexpr std::array<std::string_view, 12> month_names{
    "January", "February", "March",     "April",   "May",      "June",
    "July",    "August",   "September", "October", "November", "December"};

/// The first instant of a local date.
sys_seconds start_of(local_day day, const time_zone& zone) {
  const sys_seconds midnight{day};
  auto period = zone.at(midnight - widest_offset);
  while (period.end <= midnight - period.offset)
    period = zone.at(period.end);
  return std::max(period.begin, midnight - period.offset);
}

/// One day of the calendar.
struct day_cell {
  std::uint64_t fires = 0;
  std::string note; ///< what a clock change decided
};

class calendar {
public:
  calendar(const calendar_request& asked, const style& look)
      : asked_{asked}, look_{look} {}

  std::string render() {
    const auto begin = chrono::floor<seconds>(asked_.from);
    const chrono::year_month_day today{
        chrono::floor<days>(begin + asked_.zone.at(begin).offset)};
    auto month = today.year() / today.month();
    const auto width = look_.width > 0 ? look_.width : width_without_terminal;
    const auto in_row = std::max<std::size_t>(
        (width + month_distance) / (month_width + month_distance), 1);
    std::string text;
    for (int left = asked_.months; left > 0;) {
      std::vector<std::vector<std::string>> row;
      for (; left > 0 && row.size() < in_row; --left) {
        row.push_back(month_lines(month));
        month += chrono::months{1};
      }
      text += side_by_side(row) + "\n";
    }
    for (const auto& note : notes_)
      text += "! " + note + "\n";
    return text + summary();
  }

private:
  day_cell look_at(local_day day) const {
    const auto begin = start_of(day, asked_.zone);
    const auto end = start_of(day + days{1}, asked_.zone);
    const auto after
        = std::max(time_point{begin} - milliseconds{1}, asked_.from);
    day_cell cell;
    if (time_point{end} <= asked_.from)
      return cell;
    cell.fires = asked_.schedule.count(after, time_point{end} - milliseconds{1},
                                       asked_.zone, asked_.gap, asked_.overlap);
    if (asked_.zone.at(begin).offset == asked_.zone.at(end).offset)
      return cell;
    for (const auto& fire :
         explain_next(asked_.schedule, asked_.zone, after,
                      std::min<std::size_t>(cell.fires + 1, fires_to_explain),
                      asked_.gap, asked_.overlap))
      if (!fire.note.empty()) {
        cell.note = fire.note;
        break;
      }
    return cell;
  }

  /// Title, weekdays and always six weeks, so that months stand level.
  std::vector<std::string> month_lines(year_month month) {
    const auto title
        = std::string{month_names[static_cast<unsigned>(month.month()) - 1]}
          + " " + std::to_string(static_cast<int>(month.year()));
    std::vector<std::string> lines;
    lines.push_back(
        padded(std::string((month_width - title.size()) / 2, ' ') + title,
               month_width));
    lines.push_back("Mo Tu We Th Fr Sa Su ");
    const local_day first{month / 1};
    const local_day last{month / chrono::last};
    auto column = chrono::weekday{first}.iso_encoding() - 1;
    std::string line(column * 3, ' ');
    for (auto day = first; day <= last; day += days{1}) {
      line += cell_text(day);
      if (++column == 7) {
        lines.push_back(line);
        line.clear();
        column = 0;
      }
    }
    lines.push_back(line + std::string((7 - column) * 3, ' '));
    lines.resize(8, std::string(month_width, ' '));
    return lines;
  }

  std::string cell_text(local_day day) {
    const auto cell = look_at(day);
    ++days_;
    if (cell.fires > 0)
      ++fire_days_;
    fires_ += cell.fires;
    if (!cell.note.empty())
      notes_.push_back(cell.note);
    const auto number
        = static_cast<unsigned>(chrono::year_month_day{day}.day());
    auto text = std::to_string(number);
    text.insert(0, 2 - text.size(), ' ');
    text += !cell.note.empty() ? "!"
            : cell.fires == 0  ? " "
            : cell.fires == 1  ? "*"
                               : "+";
    return paint(look_,
                 !cell.note.empty() ? tone::warn
                 : cell.fires == 0  ? tone::dim
                                    : tone::good,
                 text);
  }

  static std::string
  side_by_side(const std::vector<std::vector<std::string>>& months) {
    std::string text;
    for (std::size_t line = 0; line < months.front().size(); ++line) {
      std::string whole;
      for (const auto& month : months) {
        if (!whole.empty())
          whole += std::string(month_distance, ' ');
        whole += month[line];
      }
      whole.erase(whole.find_last_not_of(' ') + 1);
      if (!whole.empty())
        text += whole + "\n";
    }
    return text;
  }

  std::string summary() const {
    return "fires " + std::to_string(fires_)
           + (fires_ == 1 ? " time" : " times") + " on "
           + std::to_string(fire_days_) + " of " + std::to_string(days_)
           + " days (" + asked_.zone.name() + ");  * once  + several times"
           + (notes_.empty() ? "" : "  ! a clock change decides") + "\n";
  }

  const calendar_request& asked_;
  const style& look_;
  std::uint64_t fires_ = 0;
  std::uint64_t fire_days_ = 0;
  std::uint64_t days_ = 0;
  std::vector<std::string> notes_;
};

} // namespace

std::string render_calendar(const calendar_request& asked, const style& look) {
  return calendar{asked, look}.render();
}

} // namespace jobq
