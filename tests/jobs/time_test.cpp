#include "jobs/time.hpp"

#include <random>

#include <gtest/gtest.h>

namespace jobq {

namespace {

namespace chrono = std::chrono;

std::string round_trip(std::string_view text) {
  const auto at = parse_rfc3339(text);
  return at ? format_utc(*at) : at.error().message;
}

} // namespace

TEST(rfc3339, reads_offsets_and_fractions) {
  EXPECT_EQ(round_trip("2027-03-28T03:00:00Z"), "2027-03-28T03:00:00.000Z");
  EXPECT_EQ(round_trip("2027-03-28t03:00:00z"), "2027-03-28T03:00:00.000Z");
  EXPECT_EQ(round_trip("2027-03-28T03:00:00+02:00"),
            "2027-03-28T01:00:00.000Z");
  EXPECT_EQ(round_trip("2027-03-28T03:00:00.1-04:30"),
            "2027-03-28T07:30:00.100Z");
  EXPECT_EQ(round_trip("2027-03-28T03:00:00.123999999Z"),
            "2027-03-28T03:00:00.123Z");
  EXPECT_EQ(round_trip("1969-12-31T23:59:59.999Z"), "1969-12-31T23:59:59.999Z");
  EXPECT_EQ(round_trip("0000-01-01T00:00:00Z"), "0000-01-01T00:00:00.000Z");
  EXPECT_EQ(round_trip("2028-02-29T00:00:00-00:00"),
            "2028-02-29T00:00:00.000Z");
}

TEST(rfc3339, reads_a_leap_second_as_the_second_before) {
  EXPECT_EQ(round_trip("2016-12-31T23:59:60Z"), "2016-12-31T23:59:59.000Z");
  EXPECT_EQ(round_trip("2017-01-01T00:59:60.5+01:00"),
            "2016-12-31T23:59:59.500Z");
  EXPECT_FALSE(parse_rfc3339("2016-12-31T22:59:60Z"));
}

TEST(rfc3339, refuses_everything_else) {
  for (const auto* text : {"",
                           "2027",
                           "2027-03-28",
                           "2027-03-28T03:00:00",
                           "2027-03-28T03:00Z",
                           "2027-02-29T00:00:00Z",
                           "2027-13-01T00:00:00Z",
                           "2027-00-01T00:00:00Z",
                           "2027-01-01T24:00:00Z",
                           "2027-01-01T00:60:00Z",
                           "2027-01-01T00:00:61Z",
                           "2027-01-01T00:00:00.Z",
                           "2027-01-01T00:00:00+0200",
                           "2027-01-01T00:00:00+24:00",
                           "2027-01-01T00:00:00+02:60",
                           "2027-01-01T00:00:00Zx",
                           " 2027-01-01T00:00:00Z",
                           "27-01-01T00:00:00Z",
                           "2027-1-01T00:00:00Z",
                           "+2027-01-01T00:00:00Z",
                           "2027-01-01T00:00:00Z "}) {
    const auto at = parse_rfc3339(text);
    ASSERT_FALSE(at) << text;
    EXPECT_EQ(at.error().code, errc::invalid_argument);
    EXPECT_NE(at.error().message.find(text), std::string::npos);
  }
  EXPECT_NE(round_trip("2027-03-28T03:00:00").find("no offset"),
            std::string::npos);
}

TEST(duration, reads_units_and_sums) {
  const std::vector<std::pair<std::string, std::int64_t>> cases{
      {"0", 0},
      {"0s", 0},
      {"500ms", 500},
      {"30s", 30'000},
      {"1.5s", 1'500},
      {"1h30m", 5'400'000},
      {"90m", 5'400'000},
      {"2d", 172'800'000},
      {"0.5d", 43'200'000},
      {"1d1ms", 86'400'001},
      {"1.500s", 1'500},
      {"007s", 7'000},
      {"36525d", 3'155'760'000'000}};
  for (const auto& [text, expected] : cases)
    EXPECT_EQ(parse_duration(text).value(), milliseconds{expected}) << text;
}

TEST(duration, refuses_everything_else) {
  for (const auto* text : {"",          "5",
                           "s",         "5 s",
                           " 5s",       "5s ",
                           "-5s",       "+5s",
                           "5x",        "5sec",
                           "1m1h",      "1h1h",
                           ".5s",       "5.s",
                           "1.2.3s",    "1.5ms",
                           "0.0005s",   "1e3s",
                           "5S",        "36526d",
                           "36525d1ms", "99999999999999999999999999h",
                           "1h30",      "0.0000000000001d",
                           "\xc2\xb5s"}) {
    const auto value = parse_duration(text);
    ASSERT_FALSE(value) << text;
    EXPECT_EQ(value.error().code, errc::invalid_argument);
  }
  EXPECT_LT(parse_duration(std::string(1 << 20, '9')).error().message.size(),
            200U);
}

TEST(duration, prints_what_it_reads_back) {
  EXPECT_EQ(format_duration(milliseconds{0}), "0s");
  EXPECT_EQ(format_duration(milliseconds{500}), "500ms");
  EXPECT_EQ(format_duration(chrono::minutes{90}), "1h30m");
  EXPECT_EQ(format_duration(chrono::days{1} + milliseconds{1}), "1d1ms");
  std::mt19937_64 random{3};
  for (int i = 0; i < 2000; ++i) {
    const milliseconds value{
        static_cast<std::int64_t>(random() % 3'155'760'000'000)};
    EXPECT_EQ(parse_duration(format_duration(value)), value);
  }
}

} // namespace jobq
