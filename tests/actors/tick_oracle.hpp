#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "jobs/definition.hpp"
#include "jobs/tick.hpp"
#include "jobs/time.hpp"
#include "tests/jobs/tick_walk.hpp"

/// A second opinion on fates: each tick is judged by itself, by the rules of
/// docs/configuration.md and nothing else.
namespace jobq::test {

/// What the oracle follows: one job of one engine, and its runs.
class tick_oracle {
public:
  tick_oracle(const job_definition& job, milliseconds run_time)
      : job_{job}, run_time_{run_time} {}

  /// The schedule from now on; nothing before `now` is ever fired.
  void edit(std::vector<plain_tick> ticks, time_point now);

  /// The engine came up at this time of the wall clock.
  void start(time_point now, bool active, bool paused);
  /// The engine looks at the clock.
  void look(time_point now, milliseconds elapsed);
  /// Somebody switches the job.
  void toggle(time_point now, milliseconds elapsed, bool active);
  /// Runs end and begin.
  void work(milliseconds elapsed);

  const std::map<time_point, tick_fate>& fates() const { return fates_; }
  /// The tick that stands in for a coalesced one.
  const std::map<time_point, time_point>& stand_ins() const {
    return stand_ins_;
  }
  time_point position() const { return position_; }

private:
  std::vector<plain_tick> take(time_point now);
  void decide(time_point now, milliseconds elapsed);
  void stretch(time_point now, bool paused);
  bool fire(time_point nominal, overlap_policy policy, milliseconds elapsed);

  job_definition job_;
  milliseconds run_time_;
  std::vector<plain_tick> ticks_;
  std::size_t next_ = 0;
  time_point position_{};
  time_point up_since_{};
  bool active_ = true;
  bool paused_ = false;
  bool started_ = false;
  std::map<time_point, tick_fate> fates_;
  std::map<time_point, time_point> stand_ins_;
  std::vector<milliseconds> running_; ///< when they end
  std::uint64_t waiting_ = 0;
};

} // namespace jobq::test
