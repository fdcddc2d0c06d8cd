#include "tools/cli/table.hpp"

#include <algorithm>
#include <cstddef>
#include <numeric>

#include "tools/cli/text.hpp"

namespace jobq {

namespace {

constexpr std::size_t gap = 2;

/// Narrows the widest column again and again until the line fits.
void fit(std::vector<std::size_t>& widths,
         const std::vector<std::size_t>& least, std::size_t page) {
  const auto gaps = gap * (widths.size() - 1);
  auto total = std::accumulate(widths.begin(), widths.end(), gaps);
  while (total > page) {
    std::size_t widest = widths.size();
    for (std::size_t column = 0; column < widths.size(); ++column)
      if (widths[column] > least[column]
          && (widest == widths.size() || widths[column] > widths[widest]))
        widest = column;
    if (widest == widths.size())
      return;
    --widths[widest];
    --total;
  }
}

} // namespace

std::string render_table(const std::vector<std::string>& headings,
                         const std::vector<table_row>& rows,
                         const style& look) {
  std::vector<std::size_t> least;
  for (const auto& heading : headings)
    least.push_back(display_width(heading));
  auto widths = least;
  for (const auto& row : rows)
    for (std::size_t column = 0; column < row.size(); ++column)
      widths[column] = std::max(widths[column],
                                display_width(printable(row[column].text)));
  if (look.width > 0)
    fit(widths, least, look.width);
  std::string page;
  const auto add_line = [&](const table_row& row) {
    std::string line;
    for (std::size_t column = 0; column < row.size(); ++column) {
      auto text = printable(row[column].text);
      if (look.width > 0)
        text = cut(text, widths[column], look.unicode);
      const auto fill = widths[column] - display_width(text);
      line += paint(look, row[column].how, text);
      if (column + 1 < row.size())
        line += std::string(fill + gap, ' ');
    }
    line.erase(line.find_last_not_of(' ') + 1);
    page += line + "\n";
  };
  table_row head;
  for (const auto& heading : headings)
    head.push_back({heading, tone::strong});
  add_line(head);
  for (const auto& row : rows)
    add_line(row);
  return page;
}

} // namespace jobq
