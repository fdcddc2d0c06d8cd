#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "jobs/cron.hpp"
#include "jobs/zone.hpp"

namespace jobq {

namespace {

struct example {
  std::size_t line;
  std::vector<std::string> cells; ///< expression, zone, from, result, point
};

std::vector<example> read_examples() {
  std::ifstream in{JOBQ_SOURCE_DIR "/tests/cron/examples.tsv"};
  std::vector<example> rows;
  std::string line;
  std::getline(in, line); // the heading
  for (std::size_t number = 2; std::getline(in, line); ++number) {
    example row{number, {}};
    std::istringstream cells{line};
    for (std::string cell; std::getline(cells, cell, '\t');)
      row.cells.push_back(cell);
    rows.push_back(row);
  }
  return rows;
}

} // namespace

TEST(cron_examples, every_row_holds) {
  const auto rows = read_examples();
  ASSERT_GE(rows.size(), 70U);
  for (const auto& row : rows) {
    ASSERT_EQ(row.cells.size(), 5U) << "line " << row.line;
    SCOPED_TRACE("line " + std::to_string(row.line) + ": " + row.cells[0] + ": "
                 + row.cells[4]);
    const auto schedule = cron_schedule::parse(row.cells[0]);
    if (row.cells[3] == "error") {
      EXPECT_FALSE(schedule);
      continue;
    }
    ASSERT_TRUE(schedule) << schedule.error().message;
    const auto zone = time_zone::find(row.cells[1]).value();
    const auto from = parse_rfc3339(row.cells[2]).value();
    std::istringstream expected{row.cells[3]};
    std::vector<time_point> fires;
    auto at = from;
    for (std::string text; expected >> text;) {
      const auto next = schedule->next(at, zone);
      ASSERT_TRUE(next);
      at = *next;
      fires.push_back(at);
      EXPECT_EQ(at, parse_rfc3339(text).value()) << text;
      if (text.ends_with("+00:00"))
        text = text.substr(0, text.size() - 6) + "Z";
      EXPECT_EQ(format_in_zone(at, zone), text);
    }
    ASSERT_EQ(fires.size(), 4U);
    EXPECT_EQ(schedule->count(from, at, zone), 4U);
    EXPECT_EQ(schedule->last(from, at, zone), at);
    EXPECT_EQ(schedule->last(from, at - milliseconds{1}, zone), fires[2]);
    EXPECT_EQ(schedule->last(from, fires[0] - milliseconds{1}, zone),
              std::nullopt);
  }
}

} // namespace jobq
