#include "jobs/zone.hpp"

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <random>
#include <thread>

#include <gtest/gtest.h>

#include "jobs/zone_rule.hpp"

namespace jobq {

namespace {

namespace chrono = std::chrono;

using chrono::sys_seconds;

time_zone zone(std::string_view name) {
  return time_zone::find(name).value();
}

sys_seconds instant(std::string_view text) {
  return chrono::floor<seconds>(parse_rfc3339(text).value());
}

std::string error_of(std::string_view name) {
  const auto found = time_zone::find(name);
  return found ? "" : found.error().message;
}

/// The C library's view of a zone while it is alive.
class libc_zone {
public:
  explicit libc_zone(const std::string& name) {
    setenv("TZ", (":" + name).c_str(), 1);
    tzset();
  }

  libc_zone(const libc_zone&) = delete;
  libc_zone& operator=(const libc_zone&) = delete;

  ~libc_zone() {
    unsetenv("TZ");
    tzset();
  }

  seconds offset(sys_seconds at) const {
    const auto time = static_cast<std::time_t>(at.time_since_epoch().count());
    std::tm parts{};
    localtime_r(&time, &parts);
    return seconds{parts.tm_gmtoff};
  }
};

} // namespace

TEST(zone, agrees_with_the_c_library_for_every_zone) {
  std::mt19937_64 random{1};
  const auto begin = instant("1905-01-01T00:00:00Z");
  const auto end = instant("2437-01-01T00:00:00Z");
  const auto span = static_cast<std::uint64_t>((end - begin).count());
  ASSERT_GT(zone_names().size(), 400U);
  for (const auto& name : zone_names()) {
    SCOPED_TRACE(name);
    const auto tz = zone(name);
    const libc_zone libc{name};
    for (int i = 0; i < 150; ++i) {
      const auto at
          = begin + seconds{static_cast<std::int64_t>(random() % span)};
      const auto period = tz.at(at);
      ASSERT_LE(period.begin, at);
      ASSERT_GT(period.end, at);
      ASSERT_EQ(period.offset, libc.offset(at)) << format_utc(at);
      // Both ends of the period lie exactly where the offset changes.
      if (period.begin > begin) {
        ASSERT_EQ(period.offset, libc.offset(period.begin));
        ASSERT_EQ(tz.at(period.begin - seconds{1}).end, period.begin);
        ASSERT_EQ(tz.at(period.begin - seconds{1}).offset,
                  libc.offset(period.begin - seconds{1}));
      }
      if (period.end < end) {
        ASSERT_EQ(period.offset, libc.offset(period.end - seconds{1}));
        ASSERT_EQ(tz.at(period.end).begin, period.end);
      }
    }
  }
}

TEST(zone, keeps_daylight_time_beyond_2037) {
  EXPECT_EQ(zone("Europe/Paris").at(instant("2060-07-01T00:00:00Z")).offset,
            chrono::hours{2});
  const auto winter = zone("Europe/Paris").at(instant("2060-01-01T00:00:00Z"));
  EXPECT_EQ(winter.begin, instant("2059-10-26T01:00:00Z"));
  EXPECT_EQ(winter.end, instant("2060-03-28T01:00:00Z"));
}

TEST(zone, has_periods_for_all_of_time) {
  for (const auto* name : {"UTC", "Europe/Paris", "Asia/Kathmandu"}) {
    const auto tz = zone(name);
    for (const auto at : {sys_seconds::min(), sys_seconds::max()}) {
      const auto period = tz.at(at);
      EXPECT_LE(period.begin, at);
      EXPECT_GE(period.end, at);
    }
  }
}

TEST(zone, finds_names_and_links) {
  for (const auto* name : {"UTC", "Etc/UTC", "Europe/London", "GB", "EST5EDT",
                           "America/Argentina/Buenos_Aires", "Etc/GMT+5"})
    EXPECT_EQ(zone(name).name(), name);
  EXPECT_EQ(zone("UTC"), time_zone::utc());
  EXPECT_EQ(zone("Europe/Paris"), zone("Europe/Paris"));
  EXPECT_NE(zone("Europe/Paris"), zone("Europe/Berlin"));
}

TEST(zone, refuses_what_is_no_name) {
  EXPECT_EQ(error_of("Europe/Pariss"),
            "unknown time zone \"Europe/Pariss\", did you mean "
            "\"Europe/Paris\"?");
  EXPECT_EQ(error_of("europe/paris"),
            "unknown time zone \"europe/paris\", did you mean "
            "\"Europe/Paris\"?");
  EXPECT_EQ(error_of("utc"),
            "unknown time zone \"utc\", did you mean \"UTC\"?");
  for (const auto* name : {"",
                           "/",
                           "/usr/share/zoneinfo/UTC",
                           "../zoneinfo/UTC",
                           "Europe",
                           "Europe/",
                           "Europe//Paris",
                           "Europe/../UTC",
                           "./UTC",
                           "posix/Europe/Paris",
                           "right/Europe/Paris",
                           "posixrules",
                           "localtime",
                           "zone.tab",
                           "tzdata.zi",
                           "leapseconds",
                           "CET-1CEST",
                           "+02:00",
                           "Europe/Paris ",
                           "Europe/Par\nis"})
    EXPECT_TRUE(error_of(name).starts_with("unknown time zone \"")) << name;
  EXPECT_LT(error_of(std::string(1 << 20, 'x')).size(), 200U);
}

TEST(zone, lists_sorted_names_that_can_all_be_found) {
  const auto& names = zone_names();
  EXPECT_TRUE(std::is_sorted(names.begin(), names.end()));
  for (const auto& name : names)
    EXPECT_TRUE(time_zone::find(name)) << name;
}

TEST(zone, may_be_found_by_many_threads) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([] {
      for (const auto& name : zone_names())
        if (name < "America/C") {
          EXPECT_EQ(zone(name).name(), name);
        }
    });
  for (auto& thread : threads)
    thread.join();
}

TEST(zone, prints_local_times) {
  const auto at = parse_rfc3339("2027-07-01T12:00:00Z").value();
  EXPECT_EQ(format_in_zone(at, zone("Europe/Paris")),
            "2027-07-01T14:00:00+02:00");
  EXPECT_EQ(format_in_zone(at, zone("America/St_Johns")),
            "2027-07-01T09:30:00-02:30");
  EXPECT_EQ(format_in_zone(at, time_zone::utc()), "2027-07-01T12:00:00Z");
  EXPECT_EQ(format_in_zone(at + milliseconds{5}, time_zone::utc()),
            "2027-07-01T12:00:00.005Z");
  // Local mean time, 9 minutes and 21 seconds ahead, in whole minutes.
  const auto old = parse_rfc3339("1850-01-01T00:00:00Z").value();
  const auto text = format_in_zone(old, zone("Europe/Paris"));
  EXPECT_EQ(text, "1850-01-01T00:09:00+00:09");
  EXPECT_EQ(parse_rfc3339(text), old);
}

TEST(zone_rule, reads_what_rfc_8536_allows) {
  for (const auto* text :
       {"UTC0", "<+0530>-5:30", "CET-1CEST,M3.5.0,M10.5.0/3",
        "IST-1GMT0,M10.5.0,M3.5.0/1", "<-02>2<-01>,M3.5.0/-1,M10.5.0/0",
        "EET-2EEST,M3.4.4/50,M10.4.4/50", "AAA3BBB,J60,J365/23:59:59",
        "AAA3BBB2:30:15,0,365/-167", "XXX3EDT4,0/0,J365/23"})
    EXPECT_TRUE(zone_rule::parse(text)) << text;
  for (const auto* text :
       {"", "UTC", "AB0", "<>0", "<+05-5", "CET-1CEST", "CET-1CEST,",
        "CET-1CEST,M3.5.0", "CET-1CEST,M13.5.0,M10.5.0",
        "CET-1CEST,M3.6.0,M10.5.0", "CET-1CEST,M3.5.7,M10.5.0",
        "CET-1CEST,M3.5.0,M10.5.0/168", "CET-25", "CET-1CEST,J0,J1",
        "CET-1CEST,366,1", "CET-1CEST,M3.5.0,M10.5.0 "})
    EXPECT_FALSE(zone_rule::parse(text)) << text;
}

TEST(zone_rule, finds_the_day_of_each_form) {
  const auto begin = [](std::string_view rule, std::string_view at) {
    return format_utc(zone_rule::parse(rule).value().at(instant(at)).begin);
  };
  EXPECT_EQ(begin("AAA0BBB,J60/0,J300/0", "2028-05-01T00:00:00Z"),
            "2028-03-01T00:00:00.000Z");
  EXPECT_EQ(begin("AAA0BBB,59/0,300/0", "2028-05-01T00:00:00Z"),
            "2028-02-29T00:00:00.000Z");
  EXPECT_EQ(begin("AAA0BBB,M3.2.1/26,M11.1.0", "2027-05-01T00:00:00Z"),
            "2027-03-09T02:00:00.000Z");
  // Daylight time all year: one offset, whatever the instant.
  const auto all_year = zone_rule::parse("XXX3EDT4,0/0,J365/23").value();
  for (const auto* at :
       {"2027-01-01T03:59:59Z", "2027-01-01T04:00:00Z", "2027-07-01T00:00:00Z"})
    EXPECT_EQ(all_year.at(instant(at)).offset, chrono::hours{-4}) << at;
}

} // namespace jobq
