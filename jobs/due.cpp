#include "jobs/due.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "jobs/retry.hpp"

namespace jobq {
namespace {

constexpr std::size_t max_firings = 1'000;
constexpr std::uint32_t jitter_salt = 0x6a69;

/// The ticks of one job, without the policies.
class tick_source {
public:
  explicit tick_source(const job_definition& job) : job_{job} {}

  std::optional<time_point> next(time_point after) const {
    return job_.schedule->next(after, job_.timezone, job_.gap, job_.overlap);
  }

  std::optional<time_point> last(time_point after, time_point at) const {
    return job_.schedule->last(after, at, job_.timezone, job_.gap,
                               job_.overlap);
  }

  /// The end of the first gap of the clock in `(after, until]` that swallowed a
  /// fixed time. Another policy would have fired it there, so that is where it
  /// stands. Interval schedules keep their rhythm in real time: nothing of
  /// theirs is missing.
  std::optional<time_point> next_lost(time_point after,
                                      time_point until) const {
    if (job_.gap != dst_gap::skip || job_.schedule->is_interval()
        || after >= until)
      return std::nullopt;
    auto period = job_.timezone.at(std::chrono::floor<seconds>(after));
    // In seconds: the end of time has no milliseconds.
    const auto last = std::chrono::floor<seconds>(until);
    for (; period.end <= last; period = job_.timezone.at(period.end)) {
      const auto before = period.end - seconds{1};
      if (job_.timezone.at(period.end).offset > period.offset
          && job_.schedule->next(before, job_.timezone, dst_gap::shift,
                                 job_.overlap)
                 == period.end
          && next(before) != period.end)
        return period.end;
    }
    return std::nullopt;
  }

  /// A ledger line for all ticks in `(after, until]`; none if there are none.
  std::optional<tick> stretch(time_point after, time_point until,
                              tick_fate fate, std::string reason) const {
    auto count = job_.schedule->count(after, until, job_.timezone, job_.gap,
                                      job_.overlap);
    if (count == 0)
      return std::nullopt;
    tick line;
    line.job = job_.name;
    line.nominal_time = *next(after);
    line.to = *last(after, until);
    line.count = count;
    line.fate = fate;
    line.reason = std::move(reason);
    return line;
  }

private:
  const job_definition& job_;
};

milliseconds jitter_of(const job_definition& job, const tick_source& ticks,
                       const run_id& id, time_point nominal) {
  if (job.jitter <= milliseconds::zero())
    return milliseconds::zero();
  auto width = job.jitter;
  if (auto following = ticks.next(nominal))
    width = std::min(width, milliseconds{*following - nominal});
  auto share = spread_of(id, jitter_salt);
  return milliseconds{static_cast<milliseconds::rep>(
      share * static_cast<double>(width.count()))};
}

/// Builds a decision, oldest tick first.
class decider {
public:
  decider(const job_definition& job, const job_cursor& cursor, time_point now,
          time_point up_since)
      : job_{job}, ticks_{job}, now_{now}, up_since_{up_since} {
    decision_.cursor = cursor;
    decision_.decided_from = cursor.position;
  }

  tick_decision decide() && {
    auto missed_until = now_ - job_.misfire_threshold - milliseconds{1};
    if (position() < missed_until)
      make_up(missed_until);
    fire_present();
    tell_gaps();
    return std::move(decision_);
  }

private:
  time_point position() const { return decision_.cursor.position; }
  void advance(time_point to) { decision_.cursor.position = to; }

  /// Everything in `(position, until]` was missed.
  void make_up(time_point until) {
    if (job_.catchup == catchup_policy::none) {
      pass(until, tick_fate::engine_down, "catchup is none");
      return;
    }
    auto window_start = now_ - job_.catchup_window - milliseconds{1};
    if (position() < window_start)
      pass(std::min(window_start, until), tick_fate::expired,
           "missed by more than catchup_window "
               + format_duration(job_.catchup_window));
    if (job_.catchup == catchup_policy::all)
      make_up_all(until);
    else
      make_up_one(until);
    advance(until);
  }

  void make_up_one(time_point until) {
    auto all = ticks_.stretch(position(), until, tick_fate::coalesced, {});
    if (!all)
      return;
    auto latest = job_.catchup == catchup_policy::latest;
    auto nominal = latest ? all->to : all->nominal_time;
    fire(nominal, trigger::catch_up, all->count);
    auto others
        = latest ? ticks_.stretch(position(), nominal - milliseconds{1},
                                  tick_fate::coalesced, {})
                 : ticks_.stretch(nominal, until, tick_fate::coalesced, {});
    if (!others)
      return;
    others->run = decision_.firings.back().run.id;
    others->reason = latest ? "made up for by the latest missed tick"
                            : "made up for by the earliest missed tick";
    decision_.others.push_back(std::move(*others));
  }

  void make_up_all(time_point until) {
    std::vector<time_point> kept;
    auto at = ticks_.last(position(), until);
    for (; at && kept.size() < job_.catchup_limit;
         at = ticks_.last(position(), *at - milliseconds{1}))
      kept.push_back(*at);
    if (at)
      pass(*at, tick_fate::over_limit,
           "beyond catchup_limit " + std::to_string(job_.catchup_limit));
    std::for_each(kept.rbegin(), kept.rend(), [this](time_point nominal) {
      fire(nominal, trigger::catch_up, 1);
    });
  }

  /// What is left is due now.
  void fire_present() {
    auto first = decision_.firings.size();
    while (auto nominal = ticks_.next(position())) {
      if (*nominal > now_)
        break;
      if (decision_.firings.size() - first == max_firings)
        return;
      fire(*nominal, trigger::schedule, 0);
      advance(*nominal);
    }
    advance(std::max(position(), now_));
    auto& firings = decision_.firings;
    auto alone = firings.size() == 1 && first == 0;
    if (alone && firings.front().tick.nominal_time >= up_since_)
      firings.front().overlap = job_.overlap_policy;
  }

  /// Fixed times that a jump of the clock swallowed.
  void tell_gaps() {
    auto at = decision_.decided_from;
    while (auto lost = ticks_.next_lost(at, position())) {
      decision_.others.push_back(gap_line(*lost));
      at = *lost;
    }
  }

  tick gap_line(time_point end) const {
    tick line;
    line.job = job_.name;
    line.nominal_time = line.to = end;
    line.fate = tick_fate::dst_gap;
    line.reason = "its local time does not exist: the clock goes forward to "
                  + format_in_zone(end, job_.timezone);
    return line;
  }

  void pass(time_point until, tick_fate fate, std::string reason) {
    if (auto line = ticks_.stretch(position(), until, fate, std::move(reason)))
      decision_.others.push_back(std::move(*line));
    advance(std::max(position(), until));
  }

  /// Fires a tick whose overlap is not the job's doing; see `fire_present` for
  /// the one that is judged.
  void fire(time_point nominal, trigger made_by, std::uint64_t missed) {
    firing one;
    auto id = run_id::of_tick(job_.name, nominal);
    one.run = make_run(job_, made_by, id, now_);
    one.run.nominal_time = nominal;
    one.run.missed_count = missed;
    one.run.serial = job_.overlap_policy != overlap_policy::allow_all;
    if (made_by == trigger::schedule)
      one.run.scheduled_at = nominal + jitter_of(job_, ticks_, id, nominal);
    if (one.run.serial && !decision_.firings.empty()) // in nominal order
      one.run.scheduled_at = std::max(
          one.run.scheduled_at, decision_.firings.back().run.scheduled_at);
    if (one.run.scheduled_at > now_)
      one.run.state = run_state::scheduled;
    if (job_.start_deadline > milliseconds::zero())
      one.run.start_deadline = one.run.scheduled_at + job_.start_deadline;
    one.tick.job = job_.name;
    one.tick.nominal_time = one.tick.to = nominal;
    one.tick.run = id;
    // The bound of a buffer holds for those that wait their turn, too; what is
    // made up for has a bound of its own.
    one.overlap = one.run.serial && made_by == trigger::schedule
                      ? overlap_policy::buffer_all
                      : overlap_policy::allow_all;
    decision_.firings.push_back(std::move(one));
  }

  const job_definition& job_;
  tick_source ticks_;
  time_point now_;
  time_point up_since_;
  tick_decision decision_;
};

} // namespace

run make_run(const job_definition& job, trigger made_by, const run_id& id,
             time_point now) {
  run made;
  made.id = id;
  made.job = job.name;
  made.extension = job.extension;
  made.function = job.function;
  made.trigger = made_by;
  made.queue = job.queue;
  made.priority = job.priority;
  made.parameters = job.parameters;
  made.enforce = job.enforce;
  made.created_at = made.scheduled_at = now;
  made.max_attempts = job.max_attempts;
  made.max_crashes = job.max_crashes;
  made.timeout = job.timeout;
  made.backoff = job.backoff;
  return made;
}

job_cursor start_cursor(const job_definition& job, time_point now) {
  return {job.name, now, job.schedule_fingerprint()};
}

bool is_current(const job_cursor& cursor, const job_definition& job) {
  return cursor.fingerprint == job.schedule_fingerprint();
}

std::optional<time_point> next_due(const job_definition& job,
                                   const job_cursor& cursor) {
  if (!job.schedule)
    return std::nullopt;
  const tick_source ticks{job};
  auto next = ticks.next(cursor.position);
  if (next)
    if (auto lost = ticks.next_lost(cursor.position, *next))
      return lost;
  return next;
}

tick_decision due(const job_definition& job, const job_cursor& cursor,
                  time_point now, time_point up_since) {
  if (!job.schedule || now <= cursor.position) {
    tick_decision nothing;
    nothing.cursor = cursor;
    nothing.decided_from = cursor.position;
    return nothing;
  }
  return decider{job, cursor, now, up_since}.decide();
}

tick_decision pass_over(const job_definition& job, const job_cursor& cursor,
                        time_point until, tick_fate fate, std::string reason) {
  tick_decision decision;
  decision.cursor = cursor;
  decision.decided_from = cursor.position;
  if (!job.schedule || until <= cursor.position)
    return decision;
  if (auto line = tick_source{job}.stretch(cursor.position, until, fate,
                                           std::move(reason)))
    decision.others.push_back(std::move(*line));
  decision.cursor.position = until;
  return decision;
}

} // namespace jobq
