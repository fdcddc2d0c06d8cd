#include "jobs/cron_explain.hpp"

#include <gtest/gtest.h>

namespace jobq {

namespace {

/// `time note` of each of the next `count` fire times.
std::vector<std::string>
explained(std::string_view expression, std::string_view zone_name,
          std::string_view from, std::size_t count,
          dst_gap gap = dst_gap::automatic,
          dst_overlap overlap = dst_overlap::automatic) {
  const auto zone = time_zone::find(zone_name).value();
  std::vector<std::string> lines;
  for (const auto& [at, note] :
       explain_next(cron_schedule::parse(expression).value(), zone,
                    parse_rfc3339(from).value(), count, gap, overlap))
    lines.push_back(format_in_zone(at, zone)
                    + (note.empty() ? "" : " " + note));
  return lines;
}

using lines = std::vector<std::string>;

} // namespace

TEST(cron_explain, says_where_a_skipped_time_fires) {
  EXPECT_EQ(
      explained("0 30 2 * * *", "Europe/Paris", "2027-03-27T00:00:00Z", 3),
      (lines{"2027-03-27T02:30:00+01:00",
             "2027-03-28T03:00:00+02:00 02:30 does not exist on "
             "2027-03-28 (clock goes 02:00 -> 03:00); fires once at "
             "03:00",
             "2027-03-29T02:30:00+02:00"}));
  EXPECT_EQ(
      explained("0 10,50 2 * * *", "Europe/Paris", "2027-03-27T12:00:00Z", 1),
      (lines{"2027-03-28T03:00:00+02:00 02:10 and 02:50 do not exist on "
             "2027-03-28 (clock goes 02:00 -> 03:00); fires once at "
             "03:00"}));
}

TEST(cron_explain, says_what_an_interval_skips) {
  EXPECT_EQ(
      explained("0 20 * * * *", "Europe/Paris", "2027-03-28T00:00:00Z", 3),
      (lines{"2027-03-28T01:20:00+01:00",
             "2027-03-28T03:20:00+02:00 02:20 does not exist on "
             "2027-03-28 (clock goes 02:00 -> 03:00); it is skipped",
             "2027-03-28T04:20:00+02:00"}));
  EXPECT_EQ(
      explained("0 */20 2 * * *", "Europe/Paris", "2027-03-27T12:00:00Z", 1),
      (lines{"2027-03-29T02:00:00+02:00 3 times from 02:00 to 02:40 do "
             "not exist on 2027-03-28 (clock goes 02:00 -> 03:00); they "
             "are skipped"}));
  EXPECT_EQ(explained("0 30 2 * * *", "Europe/Paris", "2027-03-27T12:00:00Z", 1,
                      dst_gap::skip),
            (lines{"2027-03-29T02:30:00+02:00 02:30 does not exist on "
                   "2027-03-28 (clock goes 02:00 -> 03:00); it is skipped"}));
}

TEST(cron_explain, says_which_of_two_passes_fires) {
  EXPECT_EQ(
      explained("0 30 2 * * *", "Europe/Paris", "2027-10-30T12:00:00Z", 2),
      (lines{"2027-10-31T02:30:00+02:00 02:30 comes twice on 2027-10-31 "
             "(clock goes 03:00 -> 02:00); this is the first, the second "
             "does not fire",
             "2027-11-01T02:30:00+01:00"}));
  EXPECT_EQ(explained("0 30 2 * * *", "Europe/Paris", "2027-10-30T12:00:00Z", 1,
                      dst_gap::automatic, dst_overlap::last),
            (lines{"2027-10-31T02:30:00+01:00 02:30 comes twice on 2027-10-31 "
                   "(clock goes 03:00 -> 02:00); this is the second, the first "
                   "does not fire"}));
  EXPECT_EQ(
      explained("0 30 * * * *", "Europe/Paris", "2027-10-30T23:40:00Z", 3),
      (lines{"2027-10-31T02:30:00+02:00 02:30 comes twice on 2027-10-31 "
             "(clock goes 03:00 -> 02:00); this is the first, both fire",
             "2027-10-31T02:30:00+01:00 02:30 comes twice on 2027-10-31 "
             "(clock goes 03:00 -> 02:00); this is the second, both fire",
             "2027-10-31T03:30:00+01:00"}));
  EXPECT_EQ(
      explained("0 15 2 * * *", "Europe/Paris", "2027-10-31T02:05:00+01:00", 1),
      (lines{"2027-11-01T02:15:00+01:00 02:15 comes twice on 2027-10-31 "
             "(clock goes 03:00 -> 02:00); it has fired the first time "
             "already"}));
}

TEST(cron_explain, says_which_day_a_calendar_lost) {
  EXPECT_EQ(
      explained("0 0 12 * * *", "Pacific/Apia", "2011-12-29T23:00:00Z", 1),
      (lines{"2011-12-31T12:00:00+14:00 12:00 does not exist on "
             "2011-12-30 (clock goes 2011-12-30 00:00 -> 2011-12-31 "
             "00:00); it is skipped"}));
}

TEST(cron_explain, is_silent_away_from_clock_changes) {
  for (const auto& line :
       explained("0 0 9 * * *", "Europe/Paris", "2027-01-01T00:00:00Z", 400))
    EXPECT_EQ(line.find(' '), std::string::npos) << line;
  EXPECT_EQ(explained("0 0 0 1 1 *", "UTC", "9998-06-01T00:00:00Z", 5),
            (lines{"9999-01-01T00:00:00Z"}));
}

} // namespace jobq
