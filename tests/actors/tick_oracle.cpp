#include "tests/actors/tick_oracle.hpp"

#include <algorithm>
#include <ctime>
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

void tick_oracle::edit(std::vector<plain_tick> ticks, time_point now) {
  ticks_ = std::move(ticks);
  next_ = 0;
  position_ = now;
  while (next_ < ticks_.size() && ticks_[next_].at <= now)
    ++next_;
}

void tick_oracle::start(time_point now, bool active, bool paused) {
  up_since_ = now;
  if (started_ && (!active_ || !active))
    stretch(now, active_ ? paused : paused_);
  active_ = active;
  paused_ = paused;
  started_ = true;
}

void tick_oracle::look(time_point now, milliseconds elapsed) {
  if (active_)
    decide(now, elapsed);
}

void tick_oracle::toggle(time_point now, milliseconds elapsed, bool active) {
  if (active_)
    decide(now, elapsed);
  else
    stretch(now, paused_);
  if (!paused_)
    active_ = active;
}

void tick_oracle::work(milliseconds elapsed) {
  std::erase_if(running_, [&](auto end) { return end <= elapsed; });
  const auto serial = job_.overlap_policy != overlap_policy::allow_all;
  while (waiting_ > 0 && (!serial || running_.empty())) {
    --waiting_;
    running_.push_back(elapsed + run_time_);
  }
}

/// The ticks that nobody has decided yet.
std::vector<plain_tick> tick_oracle::take(time_point now) {
  std::vector<plain_tick> taken;
  for (; next_ < ticks_.size() && ticks_[next_].at <= now; ++next_)
    taken.push_back(ticks_[next_]);
  position_ = std::max(position_, now);
  return taken;
}

void tick_oracle::stretch(time_point now, bool paused) {
  for (const auto& one : take(now))
    if (!one.lost)
      fates_[one.at] = paused ? tick_fate::paused : tick_fate::disabled;
}

void tick_oracle::decide(time_point now, milliseconds elapsed) {
  std::vector<time_point> missed;
  std::vector<time_point> present;
  for (const auto& one : take(now)) {
    if (one.lost)
      fates_[one.at] = tick_fate::dst_gap;
    else if (now - one.at <= job_.misfire_threshold)
      present.push_back(one.at);
    else if (job_.catchup == catchup_policy::none)
      fates_[one.at] = tick_fate::engine_down;
    else if (now - one.at > job_.catchup_window)
      fates_[one.at] = tick_fate::expired;
    else
      missed.push_back(one.at);
  }
  const auto in_turn = job_.overlap_policy == overlap_policy::allow_all
                           ? overlap_policy::allow_all
                           : overlap_policy::buffer_all;
  if (!missed.empty() && job_.catchup == catchup_policy::all) {
    for (std::size_t i = 0; i < missed.size(); ++i)
      if (missed.size() - i > job_.catchup_limit)
        fates_[missed[i]] = tick_fate::over_limit;
      else
        fire(missed[i], in_turn, elapsed);
  } else if (!missed.empty()) {
    const auto one = job_.catchup == catchup_policy::latest ? missed.back()
                                                            : missed.front();
    for (const auto at : missed) {
      fates_[at] = tick_fate::coalesced;
      stand_ins_[at] = one;
    }
    stand_ins_.erase(one);
    fire(one, in_turn, elapsed);
  }
  for (const auto at : present) {
    const auto on_time
        = present.size() == 1 && missed.empty() && at >= up_since_;
    fire(at, on_time ? job_.overlap_policy : in_turn, elapsed);
  }
}

bool tick_oracle::fire(time_point nominal, overlap_policy policy,
                       milliseconds elapsed) {
  const auto drop = [&] {
    fates_[nominal] = tick_fate::skipped_overlap;
    return false;
  };
  const auto busy = !running_.empty() || waiting_ > 0;
  if (policy == overlap_policy::skip && busy)
    return drop();
  if (policy == overlap_policy::buffer_one && waiting_ > 0)
    return drop();
  if (policy == overlap_policy::buffer_all && waiting_ >= 1'000)
    return drop();
  if (policy == overlap_policy::cancel_other
      || policy == overlap_policy::terminate_other) {
    waiting_ = 0;
    // The driver ends what it is told to stop a second later.
    for (auto& end : running_)
      end = std::min(end, elapsed + seconds{1});
  }
  fates_[nominal] = tick_fate::fired;
  ++waiting_;
  return true;
}

} // namespace jobq::test
