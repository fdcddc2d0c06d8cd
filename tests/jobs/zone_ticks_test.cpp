#include <set>
#include <tuple>

#include <gtest/gtest.h>

#include "jobs/cron.hpp"
#include "jobs/zone.hpp"
#include "tests/jobs/tick_walk.hpp"

namespace jobq::test {
namespace {

using std::chrono::hours;
using std::chrono::sys_days;
using std::chrono::sys_seconds;
using std::chrono::year;

/// A change of a zone's offset, and what lies around it.
using change = std::tuple<sys_seconds, seconds, seconds>;

/// Of the distinct transitions each so-and-so-many-th is walked through.
constexpr std::size_t case_stride = JOBQ_SANITIZED ? 10 : 1;

bool whole_minutes(seconds offset) {
  return offset % std::chrono::minutes{1} == seconds{0};
}

plain_schedule pick(std::mt19937_64& random) {
  return random() % 2 == 0 ? nightly_schedule(random) : random_schedule(random);
}

void expect_same_ticks(const plain_schedule& plain, const time_zone& zone,
                       dst_gap gap, dst_overlap overlap, sys_seconds around) {
  const auto cron = cron_schedule::parse(plain.text);
  ASSERT_TRUE(cron) << plain.text;
  const time_point from{around - hours{4}};
  const time_point to{around + hours{4}};
  std::uint64_t found = 0;
  auto at = from;
  for (const auto& expected :
       walk(plain, zone.name(), gap, overlap, from, to)) {
    if (expected.lost)
      continue;
    const auto next = cron->next(at, zone, gap, overlap);
    ASSERT_TRUE(next && *next == expected.at)
        << plain.text << " in " << zone.name() << " after " << format_utc(at)
        << ": " << (next ? format_utc(*next) : "none") << " instead of "
        << format_utc(expected.at);
    at = *next;
    ++found;
  }
  ASSERT_EQ(cron->count(from, to, zone, gap, overlap), found)
      << plain.text << " in " << zone.name() << " around "
      << format_utc(around);
}

TEST(zone_ticks, agree_with_brute_force_at_every_transition_of_every_zone) {
  const sys_seconds first{sys_days{year{1970} / 1 / 1}};
  const sys_seconds end{sys_days{year{2038} / 1 / 1}};
  std::mt19937_64 random{1970};
  // Zones that share a transition share all that is asked of it here.
  std::set<change> seen;
  std::size_t transitions = 0;
  for (const auto& name : zone_names()) {
    const auto zone = time_zone::find(name).value();
    for (auto period = zone.at(first); period.end < end;) {
      const auto next = zone.at(period.end);
      const change here{period.end, period.offset, next.offset};
      period = next;
      if (std::get<1>(here) == std::get<2>(here))
        continue;
      ++transitions;
      // The walk goes by minutes: Liberia's seconds of 1972 are left out.
      if (!whole_minutes(std::get<1>(here)) || !whole_minutes(std::get<2>(here))
          || !seen.insert(here).second)
        continue;
      if (seen.size() % case_stride != 0)
        continue;
      for (int round = 0; round < 2; ++round)
        expect_same_ticks(
            pick(random), zone, static_cast<dst_gap>(random() % 3),
            static_cast<dst_overlap>(random() % 4), std::get<0>(here));
      if (HasFatalFailure())
        return;
    }
  }
  EXPECT_GT(transitions, 20'000U);
  EXPECT_GT(seen.size(), 4'000U);
}

} // namespace
} // namespace jobq::test
