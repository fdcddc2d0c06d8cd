#include "jobs/cron.hpp"

#include <algorithm>
#include <map>
#include <random>
#include <set>

#include <gtest/gtest.h>

#include "jobs/zone.hpp"

namespace jobq {

namespace {

namespace chrono = std::chrono;

time_point instant(std::string_view text) {
  return parse_rfc3339(text).value();
}

time_zone zone(std::string_view name) {
  return time_zone::find(name).value();
}

cron_schedule schedule(std::string_view text) {
  return cron_schedule::parse(text).value();
}

std::string next(std::string_view text, std::string_view zone_name,
                 std::string_view from) {
  const auto at = schedule(text).next(instant(from), zone(zone_name));
  return at ? format_in_zone(*at, zone(zone_name)) : "none";
}

/// A random schedule, made from sets rather than read from its text, so that
/// the oracle shares no code with what it checks.
struct sample {
  std::string text;
  std::set<unsigned> seconds;
  std::set<unsigned> minutes;
  std::set<unsigned> hours;
  std::set<unsigned> days;     ///< empty: unrestricted
  std::set<unsigned> weekdays; ///< empty: unrestricted
  bool interval = false;

  bool matches(std::int64_t local_minute) const {
    const chrono::sys_time<chrono::minutes> at{chrono::minutes{local_minute}};
    const auto midnight = chrono::floor<chrono::days>(at);
    const chrono::year_month_day date{midnight};
    const auto minute = (at - midnight).count();
    const bool by_day = days.contains(unsigned{date.day()});
    const bool by_week
        = weekdays.contains(chrono::weekday{midnight}.c_encoding());
    return hours.contains(static_cast<unsigned>(minute / 60))
           && minutes.contains(static_cast<unsigned>(minute % 60))
           && ((days.empty() && weekdays.empty()) || by_day || by_week);
  }
};

class sampler {
public:
  explicit sampler(unsigned seed) : random_{seed} {}

  unsigned below(unsigned n) { return static_cast<unsigned>(random_() % n); }

  /// A field of the range low-high; its single values and ranges stay at or
  /// below `most`.
  std::string field(unsigned low, unsigned high, unsigned most,
                    std::set<unsigned>& set, bool& interval) {
    const auto kind = below(6);
    if (kind <= 1) {
      interval = true;
      const auto step = kind == 0 ? 1 : 1 + below(high - low + 1);
      for (unsigned n = low; n <= high; n += step)
        set.insert(n);
      return kind == 0 ? "*" : "*/" + std::to_string(step);
    }
    if (kind == 2) {
      const auto a = low + below(most - low + 1);
      const auto b = a + below(most - a + 1);
      for (unsigned n = a; n <= b; ++n)
        set.insert(n);
      return std::to_string(a) + "-" + std::to_string(b);
    }
    std::string text;
    for (unsigned i = 0; i < kind - 2; ++i) {
      const auto n = low + below(most - low + 1);
      set.insert(n);
      text += (i > 0 ? "," : "") + std::to_string(n);
    }
    return text;
  }

  /// A day field: `*` restricts nothing.
  std::string day_field(unsigned low, unsigned high, bool restricted,
                        std::set<unsigned>& set) {
    bool ignored = false;
    auto text
        = restricted ? field(low, high, high, set, ignored) : std::string{"*"};
    if (text == "*")
      set.clear();
    return text;
  }

  sample make() {
    sample s;
    // Few seconds keep the oracle quick.
    const auto second = below(60);
    if (below(4) == 0) {
      s.interval = true;
      s.seconds = {0, 20, 40};
      s.text = "*/20";
    } else if (below(2) == 0) {
      s.seconds = {0};
      s.text = "0";
    } else {
      s.seconds = {second};
      s.text = std::to_string(second);
    }
    s.text += " " + field(0, 59, 59, s.minutes, s.interval);
    // Most clocks change early in the night.
    s.text += " " + field(0, 23, below(2) == 0 ? 4 : 23, s.hours, s.interval);
    const auto limits = below(4);
    s.text += " " + day_field(1, 31, limits == 1 || limits == 3, s.days);
    s.text += " * " + day_field(0, 6, limits >= 2, s.weekdays);
    return s;
  }

private:
  std::mt19937 random_;
};

/// All fire times of a window, minute by minute, after the table of the
/// documentation and nothing else.
std::vector<time_point> oracle(const sample& s, const time_zone& tz,
                               std::int64_t begin, std::int64_t end,
                               dst_gap gap, dst_overlap overlap) {
  const bool shift
      = gap == dst_gap::shift || (gap == dst_gap::automatic && !s.interval);
  if (overlap == dst_overlap::automatic)
    overlap = s.interval ? dst_overlap::both : dst_overlap::first;
  std::vector<std::int64_t> locals;
  std::multimap<std::int64_t, std::int64_t> passes; // local to true minutes
  for (auto u = begin; u < end; ++u) {
    const chrono::sys_seconds at{chrono::minutes{u}};
    locals.push_back(u + tz.at(at).offset.count() / 60);
    passes.emplace(locals.back(), u);
  }
  std::set<time_point> fires;
  for (auto u = begin; u < end; ++u) {
    const auto i = static_cast<std::size_t>(u - begin);
    const auto local = locals[i];
    if (i > 0) {
      const auto skipped = local - locals[i - 1] - 1;
      if (skipped > 0 && skipped <= 180 && shift)
        for (auto l = locals[i - 1] + 1; l < local; ++l)
          if (s.matches(l))
            fires.insert(time_point{chrono::minutes{u}});
    }
    if (!s.matches(local))
      continue;
    bool earlier = false;
    bool later = false;
    const auto [first, last] = passes.equal_range(local);
    for (auto it = first; it != last; ++it) {
      earlier |= it->second < u && u - it->second <= 180;
      later |= it->second > u && it->second - u <= 180;
    }
    if ((overlap == dst_overlap::first && earlier)
        || (overlap == dst_overlap::last && later))
      continue;
    for (const auto second : s.seconds)
      fires.insert(time_point{chrono::minutes{u} + seconds{second}});
  }
  return {fires.begin(), fires.end()};
}

} // namespace

TEST(cron_schedule, agrees_with_brute_force_around_clock_changes) {
  sampler samples{20270328};
  const chrono::sys_seconds first{chrono::sys_days{chrono::year{2005} / 1 / 1}};
  const chrono::sys_seconds end{chrono::sys_days{chrono::year{2062} / 1 / 1}};
  for (const auto* name :
       {"UTC", "Europe/Paris", "America/Denver", "Atlantic/Azores",
        "Australia/Lord_Howe", "Pacific/Apia", "Asia/Kathmandu",
        "Africa/Casablanca", "America/Sao_Paulo", "Europe/Dublin",
        "Asia/Tehran", "America/Santiago", "Asia/Gaza", "Africa/Cairo",
        "Antarctica/Troll", "America/Caracas", "Asia/Pyongyang"}) {
    const auto tz = zone(name);
    std::vector<chrono::sys_seconds> changes;
    for (auto at = tz.at(first).end; at < end; at = tz.at(at).end)
      changes.push_back(at);
    if (changes.empty())
      changes.push_back(first);
    for (int round = 0; round < 24; ++round) {
      const auto s = samples.make();
      const auto change
          = changes[samples.below(static_cast<unsigned>(changes.size()))];
      const auto gap = static_cast<dst_gap>(samples.below(3));
      const auto overlap = static_cast<dst_overlap>(samples.below(4));
      SCOPED_TRACE(std::string{name} + ": " + s.text + " around "
                   + format_utc(change) + ", gap "
                   + std::to_string(static_cast<int>(gap)) + ", overlap "
                   + std::to_string(static_cast<int>(overlap)));
      const auto cron = cron_schedule::parse(s.text);
      ASSERT_TRUE(cron) << cron.error().message;
      ASSERT_EQ(cron->is_interval(), s.interval);
      const auto middle
          = chrono::floor<chrono::minutes>(change).time_since_epoch().count();
      const auto expected
          = oracle(s, tz, middle - 3000, middle + 3000, gap, overlap);
      // The oracle knows nothing of what lies beyond its window.
      const time_point from{chrono::minutes{middle - 2000}};
      const time_point to{chrono::minutes{middle + 2000}};
      std::vector<time_point> inside;
      for (const auto at : expected)
        if (at > from && at <= to)
          inside.push_back(at);
      auto at = from;
      for (std::size_t i = 0; i < inside.size(); ++i) {
        const auto found = cron->next(at, tz, gap, overlap);
        ASSERT_TRUE(found);
        ASSERT_EQ(format_utc(*found), format_utc(inside[i]))
            << "after " << format_utc(at);
        at = *found;
      }
      const auto beyond = cron->next(at, tz, gap, overlap);
      ASSERT_TRUE(!beyond || *beyond > to) << format_utc(*beyond);
      ASSERT_EQ(cron->count(from, to, tz, gap, overlap), inside.size());
      for (int probe = 0; probe < 40; ++probe) {
        const auto a = from + milliseconds{samples.below(240'000'000)};
        const auto b = a + milliseconds{samples.below(40'000'000)};
        const auto low = std::upper_bound(inside.begin(), inside.end(), a);
        const auto high
            = std::upper_bound(inside.begin(), inside.end(), std::min(b, to));
        const auto until = std::min(b, to);
        if (until <= a)
          continue;
        ASSERT_EQ(cron->count(a, until, tz, gap, overlap),
                  static_cast<std::uint64_t>(high - low))
            << format_utc(a) << " to " << format_utc(until);
        ASSERT_EQ(cron->last(a, until, tz, gap, overlap),
                  low == high ? std::nullopt
                              : std::optional<time_point>{*(high - 1)})
            << format_utc(a) << " to " << format_utc(until);
      }
    }
  }
}

TEST(cron_schedule, matches_calendar_items_day_by_day) {
  struct item {
    std::string_view text;
    bool (*matches)(chrono::sys_days);
  };
  using chrono::sys_days;
  static const auto last_of = [](sys_days d) {
    const chrono::year_month_day date{d};
    return sys_days{date.year() / date.month() / chrono::last};
  };
  static const auto workday = [](sys_days d) {
    const auto w = chrono::weekday{d}.c_encoding();
    return w >= 1 && w <= 5;
  };
  static const auto day_of
      = [](sys_days d) { return unsigned{chrono::year_month_day{d}.day()}; };
  // The nearest workday to a day of the same month, by looking around it.
  static const auto is_nearest = [](sys_days d, unsigned wanted) {
    const chrono::year_month_day date{d};
    const auto first = sys_days{date.year() / date.month() / 1};
    const auto target = first + chrono::days{wanted - 1};
    if (target > last_of(d))
      return false;
    for (const int distance : {0, -1, 1, -2, 2}) {
      const auto candidate = target + chrono::days{distance};
      if (candidate >= first && candidate <= last_of(d) && workday(candidate))
        return candidate == d;
    }
    return false;
  };
  const std::vector<item> items{
      {"0 0 0 L * *", [](sys_days d) { return d == last_of(d); }},
      {"0 0 0 LW * *",
       [](sys_days d) { return is_nearest(d, day_of(last_of(d))); }},
      {"0 0 0 1W * *", [](sys_days d) { return is_nearest(d, 1); }},
      {"0 0 0 15w * *", [](sys_days d) { return is_nearest(d, 15); }},
      {"0 0 0 28W * *", [](sys_days d) { return is_nearest(d, 28); }},
      {"0 0 0 29W,3 * *",
       [](sys_days d) { return is_nearest(d, 29) || day_of(d) == 3; }},
      {"0 0 0 30W * *", [](sys_days d) { return is_nearest(d, 30); }},
      {"0 0 0 31W * *", [](sys_days d) { return is_nearest(d, 31); }},
      {"0 0 0 * * FRI#1",
       [](sys_days d) {
         return chrono::weekday{d} == chrono::Friday && day_of(d) <= 7;
       }},
      {"0 0 0 * * 0#5",
       [](sys_days d) {
         return chrono::weekday{d} == chrono::Sunday && day_of(d) >= 29;
       }},
      {"0 0 0 * * 7#2,satl",
       [](sys_days d) {
         return (chrono::weekday{d} == chrono::Sunday && day_of(d) >= 8
                 && day_of(d) <= 14)
                || (chrono::weekday{d} == chrono::Saturday
                    && last_of(d) - d < chrono::days{7});
       }},
      {"0 0 0 * * 3#L",
       [](sys_days d) {
         return chrono::weekday{d} == chrono::Wednesday
                && last_of(d) - d < chrono::days{7};
       }},
      {"0 0 0 13 * FRI",
       [](sys_days d) {
         return day_of(d) == 13 || chrono::weekday{d} == chrono::Friday;
       }},
      {"0 0 0 * * FRI-SUN/2",
       [](sys_days d) {
         return chrono::weekday{d} == chrono::Friday
                || chrono::weekday{d} == chrono::Sunday;
       }},
      {"0 0 0 ? * 5-7",
       [](sys_days d) {
         const auto w = chrono::weekday{d}.c_encoding();
         return w == 0 || w >= 5;
       }},
  };
  const auto utc = time_zone::utc();
  const auto begin = sys_days{chrono::year{2019} / 12 / 1};
  const auto end = sys_days{chrono::year{2033} / 1 / 1};
  for (const auto& [text, matches] : items) {
    SCOPED_TRACE(text);
    const auto cron = schedule(text);
    time_point at = begin - chrono::days{1};
    std::uint64_t count = 0;
    for (auto d = begin; d < end; d += chrono::days{1}) {
      if (!matches(d))
        continue;
      const auto found = cron.next(at, utc);
      ASSERT_TRUE(found);
      ASSERT_EQ(format_utc(*found), format_utc(d));
      ASSERT_EQ(cron.last(at, d + chrono::days{0}, utc), time_point{d});
      at = *found;
      ++count;
    }
    EXPECT_EQ(cron.count(begin - chrono::days{1}, end - chrono::days{1}, utc),
              count);
  }
}

TEST(cron_schedule, waits_for_decades) {
  EXPECT_EQ(next("0 0 0 * 2 MON#5", "UTC", "2027-01-01T00:00:00Z"),
            "2044-02-29T00:00:00Z");
  EXPECT_EQ(next("0 0 0 * 2 MON#5", "Europe/Paris", "2044-03-01T00:00:00Z"),
            "2072-02-29T00:00:00+01:00");
  EXPECT_EQ(next("0 0 0 * 2 MON#5", "Europe/Paris", "2072-03-01T00:00:00Z"),
            "2112-02-29T00:00:00+01:00");
  EXPECT_EQ(next("0 0 0 29 2 *", "UTC", "2096-03-01T00:00:00Z"),
            "2104-02-29T00:00:00Z");
  EXPECT_EQ(schedule("0 0 0 * 2 MON#5")
                .last(instant("1900-01-01T00:00:00Z"),
                      instant("2071-01-01T00:00:00Z"), zone("Europe/Paris")),
            instant("2044-02-28T23:00:00Z"));
}

TEST(cron_schedule, keeps_daylight_time_beyond_2037) {
  EXPECT_EQ(next("0 0 12 * * *", "Europe/Paris", "2060-07-01T00:00:00Z"),
            "2060-07-01T12:00:00+02:00");
  EXPECT_EQ(next("0 30 2 * * *", "Europe/Paris", "2060-03-27T12:00:00Z"),
            "2060-03-28T03:00:00+02:00");
}

TEST(cron_schedule, ends_with_the_year_9999) {
  const auto end = schedule("0 0 0 1 1 *");
  EXPECT_EQ(end.next(instant("9999-01-01T00:00:00Z"), time_zone::utc()),
            std::nullopt);
  EXPECT_EQ(next("0 0 23 31 12 *", "America/Denver", "9999-06-01T00:00:00Z"),
            "9999-12-31T23:00:00-07:00");
  EXPECT_EQ(next("* * * * * *", "UTC", "9999-12-31T23:59:58Z"),
            "9999-12-31T23:59:59Z");
  EXPECT_EQ(next("* * * * * *", "UTC", "9999-12-31T23:59:59Z"), "none");
  EXPECT_EQ(end.next(time_point::max(), zone("Europe/Paris")), std::nullopt);
  EXPECT_EQ(end.next(time_point::min(), time_zone::utc()),
            instant("0000-01-01T00:00:00Z"));
  EXPECT_EQ(end.count(time_point::min(), time_point::max(), time_zone::utc()),
            10000U);
  EXPECT_EQ(
      end.count(time_point::min(), time_point::max(), zone("Europe/Paris")),
      10000U);
  EXPECT_EQ(
      end.last(time_point::min(), time_point::max(), zone("Europe/Paris")),
      instant("9998-12-31T23:00:00Z"));
}

TEST(cron_schedule, reads_starts_between_seconds) {
  const auto every = schedule("* * * * * *");
  const auto utc = time_zone::utc();
  const auto at = instant("2027-01-01T00:00:01Z");
  EXPECT_EQ(every.next(at - milliseconds{1}, utc), at);
  EXPECT_EQ(every.next(at, utc), at + seconds{1});
  EXPECT_EQ(every.next(at + milliseconds{1}, utc), at + seconds{1});
  EXPECT_EQ(every.last(at - milliseconds{1}, at + milliseconds{999}, utc), at);
  EXPECT_EQ(every.last(at, at + milliseconds{999}, utc), std::nullopt);
  EXPECT_EQ(every.count(at, at + milliseconds{999}, utc), 0U);
  EXPECT_EQ(every.count(at - milliseconds{1}, at, utc), 1U);
  EXPECT_EQ(every.count(at, at - seconds{5}, utc), 0U);
  EXPECT_EQ(every.last(at, at - seconds{5}, utc), std::nullopt);
}

TEST(cron_schedule, skips_a_day_that_a_calendar_lost) {
  // Samoa went from 29 to 31 December 2011.
  for (const auto* text : {"0 0 12 * * *", "0 0 */12 * * *"})
    EXPECT_EQ(next(text, "Pacific/Apia", "2011-12-29T22:30:00Z"),
              std::string_view{text} == "0 0 12 * * *"
                  ? "2011-12-31T12:00:00+14:00"
                  : "2011-12-31T00:00:00+14:00");
}

TEST(cron_schedule, shifts_over_a_gap_that_ends_on_the_next_day) {
  // Scoresbysund springs from 23:00 on Saturday to 00:00 on Sunday by its
  // 2025 rule.
  EXPECT_EQ(
      next("0 30 23 * * SAT", "America/Scoresbysund", "2027-03-27T12:00:00Z"),
      "2027-03-28T00:00:00-01:00");
  EXPECT_EQ(
      next("0 30 23 27 3 *", "America/Scoresbysund", "2027-03-27T12:00:00Z"),
      "2027-03-28T00:00:00-01:00");
}

TEST(cron_schedule, compares_by_meaning) {
  EXPECT_EQ(schedule("0 0 0 * * 0"), schedule("@weekly"));
  EXPECT_EQ(schedule("0 0 0 * * 7"), schedule("00 00 00 ? JAN-DEC sun"));
  EXPECT_EQ(schedule("0 0 0 1-31 * *"), schedule("0 0 0 * * 0-6"));
  EXPECT_EQ(schedule("0 0 0 1,1 * *"), schedule("@monthly"));
  EXPECT_NE(schedule("0 0 0 1 * *"), schedule("0 0 0 2 * *"));
  // The same times, but another answer to clock changes.
  EXPECT_NE(schedule("0 0 * * * *"), schedule("0 0 0-23 * * *"));
}

TEST(cron_schedule, counts_a_year_of_seconds) {
  EXPECT_EQ(schedule("* * * * * *")
                .count(instant("2027-01-01T00:00:00Z"),
                       instant("2028-01-01T00:00:00Z"), zone("Europe/Paris")),
            31536000U);
}

} // namespace jobq
