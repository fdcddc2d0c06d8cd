#include "tests/jobs/tick_walk.hpp"

#include <algorithm>
#include <ctime>
#include <iterator>
#include <unordered_map>

#include <stdlib.h>

namespace jobq::test {
namespace {

/// The widest change of a zone's offset that is no change of calendar.
constexpr std::int64_t widest = 180;

template <std::size_t Size>
std::string field(std::mt19937_64& random, std::array<bool, Size>& set,
                  bool& interval) {
  const auto below = [&](std::size_t n) { return random() % n; };
  switch (below(4)) {
  case 0:
    interval = true;
    set.fill(true);
    return "*";
  case 1: {
    interval = true;
    const auto step = 1 + below(Size);
    for (std::size_t n = 0; n < Size; n += step)
      set[n] = true;
    return "*/" + std::to_string(step);
  }
  case 2: {
    const auto a = below(Size);
    const auto b = a + below(std::min<std::size_t>(Size - a, 8));
    for (auto n = a; n <= b; ++n)
      set[n] = true;
    return std::to_string(a) + "-" + std::to_string(b);
  }
  default: {
    std::string text;
    for (auto n = 1 + below(3); n > 0; --n) {
      const auto value = below(Size);
      set[value] = true;
      text += (text.empty() ? "" : ",") + std::to_string(value);
    }
    return text;
  }
  }
}

/// The offsets of a zone by the C library, minute by minute.
std::vector<std::int64_t> local_minutes(const std::string& zone,
                                        std::int64_t from, std::int64_t to) {
  setenv("TZ", (":" + zone).c_str(), 1);
  tzset();
  std::vector<std::int64_t> locals;
  for (auto minute = from; minute <= to; ++minute) {
    const auto time = static_cast<std::time_t>(minute * 60);
    std::tm parts{};
    localtime_r(&time, &parts);
    locals.push_back(minute + parts.tm_gmtoff / 60);
  }
  unsetenv("TZ");
  tzset();
  return locals;
}

std::int64_t modulo(std::int64_t value, std::int64_t by) {
  return (value % by + by) % by;
}

/// Whether the schedule has any second in a local minute.
bool matches(const plain_schedule& s, std::int64_t local) {
  // 1970-01-01 was a Thursday.
  const auto day = (local - modulo(local, 1440)) / 1440;
  const auto at = [](auto& set, std::int64_t value) {
    return set[static_cast<std::size_t>(value)];
  };
  return at(s.minutes, modulo(local, 60))
         && at(s.hours, modulo(local, 1440) / 60)
         && (s.any_weekday || at(s.weekdays, modulo(day + 4, 7)));
}

} // namespace

plain_schedule random_schedule(std::mt19937_64& random) {
  plain_schedule s;
  // Few seconds keep the walk and the store quick.
  switch (random() % 6) {
  case 0:
    s.interval = true;
    s.text = "*/20";
    s.seconds[0] = s.seconds[20] = s.seconds[40] = true;
    break;
  case 1:
    s.text = "30";
    s.seconds[30] = true;
    break;
  default:
    s.text = "0";
    s.seconds[0] = true;
  }
  s.text += " " + field(random, s.minutes, s.interval);
  bool hours_interval = false;
  if (random() % 2 == 0) {
    s.hours.fill(true);
    hours_interval = true;
    s.text += " *";
  } else {
    s.text += " " + field(random, s.hours, hours_interval);
  }
  s.interval = s.interval || hours_interval;
  s.text += " * * ";
  if (random() % 5 == 0) {
    s.any_weekday = false;
    const auto day = random() % 7;
    s.weekdays[day] = s.weekdays[(day + 2) % 7] = true;
    s.text += std::to_string(day) + "," + std::to_string((day + 2) % 7);
  } else {
    s.text += "*";
  }
  return s;
}

plain_schedule nightly_schedule(std::mt19937_64& random) {
  plain_schedule s;
  s.seconds[0] = true;
  const auto minute = random() % 4 * 15;
  s.minutes[minute] = s.minutes[minute + 7] = true;
  for (std::size_t hour = 0; hour < 5; ++hour)
    s.hours[hour] = true;
  s.text = "0 " + std::to_string(minute) + "," + std::to_string(minute + 7)
           + " 0-4 * * *";
  return s;
}

std::vector<plain_tick> walk(const plain_schedule& s, const std::string& zone,
                             dst_gap gap, dst_overlap overlap, time_point from,
                             time_point to) {
  const auto shifts
      = gap == dst_gap::shift || (gap == dst_gap::automatic && !s.interval);
  const auto tells_losses = gap == dst_gap::skip && !s.interval;
  if (overlap == dst_overlap::automatic)
    overlap = s.interval ? dst_overlap::both : dst_overlap::first;
  using std::chrono::minutes;
  // What lies around the stretch decides about its ends.
  const auto begin
      = std::chrono::floor<minutes>(from).time_since_epoch().count()
        - 2 * widest;
  const auto end
      = std::chrono::floor<minutes>(to).time_since_epoch().count() + 2 * widest;
  const auto locals = local_minutes(zone, begin, end);
  std::unordered_map<std::int64_t, std::vector<std::int64_t>> passes;
  for (auto minute = begin; minute <= end; ++minute)
    passes[locals[static_cast<std::size_t>(minute - begin)]].push_back(minute);
  std::vector<plain_tick> all;
  const auto add = [&](time_point at, bool lost) {
    if (at > from && at <= to)
      all.push_back({at, lost});
  };
  for (auto minute = begin + 1; minute <= end; ++minute) {
    const auto i = static_cast<std::size_t>(minute - begin);
    const auto local = locals[i];
    const time_point start{minutes{minute}};
    const auto skipped = local - locals[i - 1] - 1;
    bool swallowed = false;
    if (skipped > 0 && skipped <= widest)
      for (auto lost = locals[i - 1] + 1; lost < local; ++lost)
        swallowed = swallowed || matches(s, lost);
    bool fires = matches(s, local);
    for (const auto other : passes[local]) {
      if (overlap == dst_overlap::first && other < minute
          && minute - other <= widest)
        fires = false;
      if (overlap == dst_overlap::last && other > minute
          && other - minute <= widest)
        fires = false;
    }
    const auto at_start = fires && s.seconds[0];
    if (swallowed && !at_start && shifts)
      add(start, false);
    if (swallowed && !at_start && tells_losses)
      add(start, true);
    if (fires)
      for (std::size_t second = 0; second < 60; ++second)
        if (s.seconds[second])
          add(start + seconds{second}, false);
  }
  return all;
}

} // namespace jobq::test
