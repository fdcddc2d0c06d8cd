#include "jobs/cron_explain.hpp"

#include <algorithm>
#include <utility>

namespace jobq {

namespace {

namespace chrono = std::chrono;

using chrono::sys_seconds;

// Local times are held as if they were UTC instants: the schedule in UTC then
// tells which of them it matches.
using local = sys_seconds;

constexpr seconds largest_shift = chrono::hours{3};

/// A change of a zone's offset.
struct clock_change {
  sys_seconds at;
  seconds before;
  seconds after;

  local old_time() const { return at + before; }
  local new_time() const { return at + after; }
  seconds jump() const { return after - before; }
};

std::string date_text(local at) {
  return format_utc(at).substr(0, 10);
}

std::string clock_text(local at) {
  const auto text = format_utc(at);
  const auto t = text.find('T') + 1;
  const auto time = text.substr(t, 8);
  return time.ends_with(":00") ? time.substr(0, 5) : time;
}

std::string change_text(const clock_change& change) {
  const auto from = change.old_time();
  const auto to = change.new_time();
  const bool same_day
      = chrono::floor<chrono::days>(from) == chrono::floor<chrono::days>(to);
  const auto text = [same_day](local at) {
    return same_day ? clock_text(at) : date_text(at) + " " + clock_text(at);
  };
  return "(clock goes " + text(from) + " -> " + text(to) + ")";
}

class explainer {
public:
  explainer(const cron_schedule& schedule, const time_zone& zone, dst_gap gap,
            dst_overlap overlap)
      : schedule_{schedule}, zone_{zone} {
    const bool interval = schedule.is_interval();
    shifts_ = gap == dst_gap::shift || (gap == dst_gap::automatic && !interval);
    overlap_ = overlap != dst_overlap::automatic ? overlap
               : interval                        ? dst_overlap::both
                                                 : dst_overlap::first;
  }

  /// What the changes around `(after, fire]` decided; the latest of it.
  std::string note(sys_seconds after, sys_seconds fire, bool is_first) const {
    std::string text;
    // A repeated stretch reaches up to three hours to both sides of its
    // change.
    auto at = after - largest_shift;
    const auto end = fire + largest_shift;
    for (;;) {
      const auto period = zone_.at(at);
      if (period.end > end || period.end == sys_seconds::max())
        return text;
      const clock_change change{period.end, period.offset,
                                zone_.at(period.end).offset};
      auto more = change.jump() > seconds{0}
                      ? gap_note(change, after, fire)
                      : overlap_note(change, after, fire, is_first);
      if (!more.empty())
        text = std::move(more);
      at = period.end;
    }
  }

private:
  /// The local times in `[from, to)` that the schedule matches: `02:30`,
  /// `02:10 and 02:50`, `4 times from 02:00 to 02:45`; empty for none.
  std::pair<std::string, bool> matches(local from, local to) const {
    const auto utc = time_zone::utc();
    const auto first = schedule_.next(from - seconds{1}, utc);
    if (!first || *first >= to)
      return {};
    const auto last = schedule_.last(from - seconds{1}, to - seconds{1}, utc);
    const auto count = schedule_.count(from - seconds{1}, to - seconds{1}, utc);
    const auto a = chrono::floor<seconds>(*first);
    const auto b = chrono::floor<seconds>(last.value_or(*first));
    if (count == 1)
      return {clock_text(a), false};
    if (count == 2)
      return {clock_text(a) + " and " + clock_text(b), true};
    return {std::to_string(count) + " times from " + clock_text(a) + " to "
                + clock_text(b),
            true};
  }

  std::string gap_note(const clock_change& change, sys_seconds after,
                       sys_seconds fire) const {
    if (change.at <= after || change.at > fire)
      return {};
    const auto begin = change.old_time();
    const auto [times, several] = matches(begin, change.new_time());
    if (times.empty())
      return {};
    const auto text = times + (several ? " do" : " does") + " not exist on "
                      + date_text(begin) + " " + change_text(change);
    if (change.jump() > largest_shift || !shifts_)
      return text + "; " + (several ? "they are" : "it is") + " skipped";
    if (change.at != fire)
      return {};
    return text + "; fires once at " + clock_text(change.new_time());
  }

  std::string overlap_note(const clock_change& change, sys_seconds after,
                           sys_seconds fire, bool is_first) const {
    const auto begin = change.new_time();
    const auto end = change.old_time();
    if (begin >= end || end - begin > largest_shift)
      return {};
    const auto told = [&](const std::string& times, std::string_view verb) {
      return times + " " + std::string{verb} + " twice on " + date_text(begin)
             + " " + change_text(change);
    };
    const auto now = fire + zone_.at(fire).offset;
    const bool in_first = fire < change.at && now >= begin;
    const bool in_second = fire >= change.at && now < end;
    if (in_first || in_second) {
      // A fire time at the end of a gap is not one of the two.
      if (!matches(now, now + seconds{1}).first.empty()) {
        const auto text = told(clock_text(now), "comes");
        if (overlap_ == dst_overlap::both)
          return text
                 + (in_first ? "; this is the first, both fire"
                             : "; this is the second, both fire");
        return text
               + (in_first ? "; this is the first, the second does not fire"
                           : "; this is the second, the first does not fire");
      }
      return {};
    }
    // Asked from inside the second pass: what would have come next here has
    // had its turn.
    if (!is_first || overlap_ != dst_overlap::first || after < change.at
        || fire < change.at)
      return {};
    const auto [times, several]
        = matches(after + change.after + seconds{1}, end);
    if (times.empty())
      return {};
    return told(times, several ? "come" : "comes")
           + (several ? "; they have" : "; it has")
           + " fired the first time already";
  }

  const cron_schedule& schedule_;
  const time_zone& zone_;
  bool shifts_ = false;
  dst_overlap overlap_ = dst_overlap::both;
};

} // namespace

std::vector<explained_fire> explain_next(const cron_schedule& schedule,
                                         const time_zone& zone, time_point from,
                                         std::size_t count, dst_gap gap,
                                         dst_overlap overlap) {
  const explainer explains{schedule, zone, gap, overlap};
  std::vector<explained_fire> fires;
  auto after = from;
  while (fires.size() < count) {
    const auto at = schedule.next(after, zone, gap, overlap);
    if (!at)
      break;
    // Before the first year of all nothing needs explaining.
    const auto begin
        = std::max(chrono::floor<seconds>(after),
                   sys_seconds{chrono::sys_days{chrono::year{0} / 1 / 1}});
    fires.push_back({*at, explains.note(begin, chrono::floor<seconds>(*at),
                                        fires.empty())});
    after = *at;
  }
  return fires;
}

} // namespace jobq
