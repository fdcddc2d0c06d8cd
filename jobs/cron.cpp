#include "jobs/cron.hpp"

#include <algorithm>

#include "jobs/zone.hpp"

// The local time line is walked in stretches of one UTC offset. Inside a
// stretch local and UTC time run in step, so that matching is pure calendar
// arithmetic (cron_fields); all that clock changes do happens at its two ends.

namespace jobq {

namespace {

namespace chrono = std::chrono;

using chrono::sys_seconds;
using utc_second = std::int64_t;

constexpr std::int64_t day = 86400;
/// A larger jump changes the calendar, not the clock.
constexpr std::int64_t largest_shift = 3 * 3600;
/// Local dates end with 9999; zones reach two days further in UTC. Every sum
/// of an instant and an offset stays small when instants are held in here.
constexpr utc_second first_instant
    = chrono::sys_seconds{chrono::sys_days{chrono::year{-1} / 12 / 1}}
          .time_since_epoch()
          .count();
constexpr utc_second last_instant
    = chrono::sys_seconds{chrono::sys_days{chrono::year{10000} / 1 / 31}}
          .time_since_epoch()
          .count();

/// Which of the answers a schedule gives to clock changes.
struct clock_rules {
  bool shift;       ///< what a gap skips fires once at its end
  bool first_pass;  ///< of two passes the first fires
  bool second_pass; ///< of two passes the second fires
};

clock_rules rules_of(bool interval, dst_gap gap, dst_overlap overlap) {
  if (gap == dst_gap::automatic)
    gap = interval ? dst_gap::skip : dst_gap::shift;
  if (overlap == dst_overlap::automatic)
    overlap = interval ? dst_overlap::both : dst_overlap::first;
  return {gap == dst_gap::shift, overlap != dst_overlap::last,
          overlap != dst_overlap::first};
}

struct span {
  utc_second begin;
  utc_second end;
  std::int64_t offset;
};

span span_at(const time_zone& zone, utc_second instant) {
  const auto period = zone.at(sys_seconds{seconds{instant}});
  const auto held = [](sys_seconds at) {
    return std::clamp(at.time_since_epoch().count(), first_instant,
                      last_instant);
  };
  return {held(period.begin), held(period.end), period.offset.count()};
}

/// A period of a zone as one schedule sees it.
struct stretch {
  utc_second begin;
  utc_second end;
  std::int64_t offset;
  /// The local times that fire here are those of `[local_begin, local_end)`;
  /// empty when local_begin >= local_end.
  local_second local_begin;
  local_second local_end;
  /// `begin` itself is a fire time, because of what the gap before it skipped.
  bool fires_at_begin = false;
};

stretch stretch_at(const cron_fields& fields, const time_zone& zone,
                   utc_second instant, const clock_rules& rules) {
  const auto here = span_at(zone, instant);
  stretch result{here.begin, here.end, here.offset, here.begin + here.offset,
                 here.end + here.offset};
  // The local time that the clock had reached before this stretch, over all
  // the changes of the last day that are small enough to count: usually one.
  local_second reached = result.local_begin;
  auto later = here;
  bool counts = true;
  while (counts && later.begin > first_instant
         && later.begin > here.begin - day) {
    const auto earlier = span_at(zone, later.begin - 1);
    const auto jump = later.offset - earlier.offset;
    if (later.begin == here.begin && jump > 0 && jump <= largest_shift
        && rules.shift) {
      // What a first pass has fired already is not owed any more; that is
      // known only below, so look one change further back first.
      auto gap_begin = here.begin + earlier.offset;
      if (!rules.second_pass && earlier.begin > first_instant
          && earlier.begin > here.begin - day) {
        const auto before = span_at(zone, earlier.begin - 1);
        if (before.offset - earlier.offset <= largest_shift)
          gap_begin = std::max(gap_begin, earlier.begin + before.offset);
      }
      const auto skipped = fields.first(gap_begin);
      result.fires_at_begin = skipped && *skipped < result.local_begin;
    }
    counts = jump >= -largest_shift;
    if (counts)
      reached = std::max(reached, later.begin + earlier.offset);
    later = earlier;
  }
  if (!rules.second_pass)
    result.local_begin = std::max(result.local_begin, reached);
  if (!rules.first_pass) {
    auto earlier = here;
    while (earlier.end < last_instant && earlier.end < here.end + day) {
      const auto next = span_at(zone, earlier.end);
      if (earlier.offset - next.offset > largest_shift)
        break;
      result.local_end = std::min(result.local_end, earlier.end + next.offset);
      earlier = next;
    }
  }
  return result;
}

/// Distance at which no difference of offsets can matter any more.
constexpr std::int64_t far = 4 * day;

std::optional<utc_second> first_fire(const cron_fields& fields,
                                     const time_zone& zone, utc_second from,
                                     const clock_rules& rules) {
  while (from < last_instant) {
    const auto here = stretch_at(fields, zone, from, rules);
    if (here.fires_at_begin && from <= here.begin)
      return here.begin;
    const auto match
        = fields.first(std::max(from + here.offset, here.local_begin));
    if (match && *match < here.local_end)
      return *match - here.offset;
    // Nothing matches up to `match`, so the changes on the way to it do not
    // matter, except those so near that the clock may go back behind `from`.
    const bool clear = here.end - from > far;
    if (clear && !match)
      return std::nullopt;
    from = clear && *match - far > here.end ? *match - far : here.end;
  }
  return std::nullopt;
}

std::optional<utc_second> last_fire(const cron_fields& fields,
                                    const time_zone& zone, utc_second after,
                                    utc_second at, const clock_rules& rules) {
  while (at > after && at >= first_instant) {
    const auto here = stretch_at(fields, zone, at, rules);
    const auto match
        = fields.last(std::min(at + here.offset, here.local_end - 1));
    if (match && *match >= here.local_begin)
      return *match - here.offset;
    if (here.fires_at_begin)
      return here.begin;
    const bool clear = at - here.begin > far;
    if (clear && !match)
      return std::nullopt;
    at = clear && *match + far < here.begin ? *match + far : here.begin - 1;
  }
  return std::nullopt;
}

utc_second held(utc_second at) {
  return std::clamp(at, first_instant, last_instant);
}

/// The last whole second at or before an instant, held in range.
utc_second whole(time_point at) {
  return held(chrono::floor<seconds>(at).time_since_epoch().count());
}

std::optional<time_point> instant(std::optional<utc_second> at) {
  if (!at)
    return std::nullopt;
  return time_point{seconds{*at}};
}

} // namespace

result<cron_schedule> cron_schedule::parse(std::string_view expression) {
  return parse_cron(expression).map([](const cron_fields& fields) {
    return cron_schedule{fields};
  });
}

std::optional<time_point> cron_schedule::next(time_point after,
                                              const time_zone& zone,
                                              dst_gap gap,
                                              dst_overlap overlap) const {
  return instant(first_fire(fields_, zone, whole(after) + 1,
                            rules_of(is_interval(), gap, overlap)));
}

std::optional<time_point> cron_schedule::last(time_point after, time_point at,
                                              const time_zone& zone,
                                              dst_gap gap,
                                              dst_overlap overlap) const {
  const auto found = instant(last_fire(fields_, zone, whole(after), whole(at),
                                       rules_of(is_interval(), gap, overlap)));
  return found && *found > after ? found : std::nullopt;
}

std::uint64_t cron_schedule::count(time_point after, time_point until,
                                   const time_zone& zone, dst_gap gap,
                                   dst_overlap overlap) const {
  const auto rules = rules_of(is_interval(), gap, overlap);
  const auto end = whole(until) + 1;
  std::uint64_t total = 0;
  for (auto from = whole(after) + 1; from < end && from < last_instant;) {
    const auto here = stretch_at(fields_, zone, from, rules);
    const auto a = std::max(from + here.offset, here.local_begin);
    const auto b = std::min(end + here.offset, here.local_end);
    total += fields_.count(a, b);
    if (here.fires_at_begin && from <= here.begin) {
      // Unless the end of the gap is a regular fire time too.
      const auto local = here.begin + here.offset;
      if (a > local || b <= local || fields_.count(local, local + 1) == 0)
        ++total;
    }
    from = here.end;
  }
  return total;
}

std::string cron_schedule::describe() const {
  return describe_cron(fields_);
}

} // namespace jobq
