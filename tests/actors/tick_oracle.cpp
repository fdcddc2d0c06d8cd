#include "tests/actors/tick_oracle.hpp"

#include <algorithm>

namespace jobq::test {

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
