#include "jobs/simulation.hpp"

#include <algorithm>
#include <compare>
#include <functional>
#include <optional>
#include <queue>
#include <set>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "jobs/due.hpp"
#include "jobs/overlap.hpp"
#include "jobs/retry.hpp"
#include "jobs/transition.hpp"

namespace jobq {
namespace {

using run_number = std::uint64_t;

constexpr std::uint32_t duration_salt = 0x6475;

/// Something that happens at a time. What is first in this list is done first
/// of what falls on one instant.
enum class event_kind { ended, engine_down, engine_up, due, promoted };

struct appointment {
  time_point at{};
  event_kind kind = event_kind::due;
  std::uint64_t subject = 0; ///< a run's number, or a job's
  std::uint32_t attempt = 0; ///< of `ended`

  friend auto operator<=>(const appointment&, const appointment&) = default;
};

/// Where a run stands among those that might start: priority, time, number.
using turn = std::tuple<int, time_point, run_number>;

struct live_run {
  jobq::run run;
  std::size_t job = 0;

  turn place(run_number number) const {
    return {-run.priority, run.scheduled_at, number};
  }
};

struct live_job {
  job_cursor cursor;
  std::optional<time_point> next; ///< the appointment that counts
  std::set<run_number> running;   ///< all of them
  std::set<run_number> scheduled_running;
  std::set<run_number> scheduled_waiting;
  std::optional<run_number> serial; ///< the serial run that is running
  std::set<turn> parked;            ///< serial runs that wait for it
};

/// Stretches in order of time, those that touch made one.
std::vector<downtime> merged(std::vector<downtime> all) {
  std::ranges::sort(all, {}, &downtime::from);
  std::vector<downtime> disjoint;
  for (const auto& one : all) {
    if (one.to <= one.from)
      continue;
    if (!disjoint.empty() && one.from <= disjoint.back().to)
      disjoint.back().to = std::max(disjoint.back().to, one.to);
    else
      disjoint.push_back(one);
  }
  return disjoint;
}

void raise(peak& highest, std::uint64_t count, time_point at) {
  if (count > highest.count)
    highest = {count, at};
}

class simulator {
public:
  simulator(const configuration& config, const simulation_request& asked)
      : config_{config}, asked_{asked}, now_{asked.from}, up_since_{asked.from},
        jobs_(config.jobs.size()) {
    report_.jobs.resize(config.jobs.size());
  }

  simulation_report play() && {
    for (std::size_t i = 0; i < jobs_.size(); ++i) {
      report_.jobs[i].job = config_.jobs[i].name;
      jobs_[i].cursor = start_cursor(config_.jobs[i], now_);
    }
    for (const auto& down : merged(asked_.downtimes)) {
      plan({down.from, event_kind::engine_down});
      plan({down.to, event_kind::engine_up});
    }
    come_up();
    start_runs();
    while (!plan_.empty() && plan_.top().at <= asked_.to) {
      now_ = plan_.top().at;
      while (!plan_.empty() && plan_.top().at == now_) {
        const auto next = plan_.top();
        plan_.pop();
        happen(next);
      }
      if (up_)
        start_runs();
    }
    finish();
    return std::move(report_);
  }

private:
  bool is_active(std::size_t job) const {
    return config_.enabled && config_.jobs[job].enabled
           && config_.jobs[job].schedule;
  }

  void plan(const appointment& one) { plan_.push(one); }

  void happen(const appointment& what) {
    switch (what.kind) {
    case event_kind::ended:
      if (up_)
        end_attempt(what.subject, what.attempt);
      break;
    case event_kind::engine_down:
      up_ = false;
      down_since_ = now_;
      break;
    case event_kind::engine_up:
      up_since_ = now_;
      recover();
      come_up();
      break;
    case event_kind::due:
      if (up_ && jobs_[what.subject].next == what.at)
        decide(what.subject);
      break;
    case event_kind::promoted:
      if (up_)
        promote(what.subject);
      break;
    }
  }

  // The engine

  void come_up() {
    up_ = true;
    for (const auto& name : config_.bootstrap_jobs)
      for (std::size_t i = 0; i < jobs_.size(); ++i)
        if (config_.jobs[i].name == name)
          add(i, make_run(config_.jobs[i], trigger::bootstrap,
                          run_id::of_tick(name, now_), now_));
    for (std::size_t i = 0; i < jobs_.size(); ++i)
      if (is_active(i))
        decide(i);
  }

  /// What was running when the engine died is taken up again, and what would
  /// have been promoted meanwhile is.
  void recover() {
    std::vector<run_number> all;
    for (const auto& [number, one] : runs_)
      all.push_back(number);
    std::ranges::sort(all);
    for (const auto number : all) {
      const auto& one = runs_.at(number);
      if (one.run.state == run_state::running) {
        ++report_.jobs[one.job].interrupted;
        change(number, ended(one.run, outcome_kind::interrupted));
      } else {
        promote(number);
      }
    }
  }

  /// Until when attempts have been going on.
  time_point alive_until() const { return up_ ? now_ : down_since_; }

  // Ticks

  void decide(std::size_t i) {
    auto& job = jobs_[i];
    do {
      auto decision = due(config_.jobs[i], job.cursor, now_, up_since_);
      job.cursor = decision.cursor;
      carry_out(i, decision);
    } while (job.cursor.position < now_);
    job.next = next_due(config_.jobs[i], job.cursor);
    if (job.next)
      plan({*job.next, event_kind::due, i});
  }

  void carry_out(std::size_t i, const tick_decision& decision) {
    auto& fates = report_.jobs[i].ticks;
    std::set<run_id> dropped;
    for (const auto& one : decision.firings) {
      if (fire(i, one)) {
        ++fates[tick_fate::fired];
      } else {
        ++fates[tick_fate::skipped_overlap];
        dropped.insert(one.run.id);
      }
    }
    for (const auto& line : decision.others) {
      const auto lost = line.run && dropped.contains(*line.run);
      fates[lost ? tick_fate::skipped_overlap : line.fate] += line.count;
    }
  }

  bool fire(std::size_t i, const firing& one) {
    auto& job = jobs_[i];
    const auto verdict
        = decide_overlap(one.overlap, {job.scheduled_running.size(),
                                       job.scheduled_waiting.size()});
    if (!verdict.enqueue)
      return false;
    if (verdict.drop_waiting)
      for (const auto number : std::set{job.scheduled_waiting})
        change(number, event::cancelled{"replaced by a newer tick", now_});
    if (verdict.cancel_running || verdict.terminate_running)
      for (const auto number : std::set{job.scheduled_running})
        change(number, ended(runs_.at(number).run, outcome_kind::cancelled));
    add(i, one.run);
    return true;
  }

  // Runs

  void add(std::size_t i, run made) {
    const auto number = ++last_run_;
    ++report_.jobs[i].runs;
    if (made.trigger == trigger::catch_up)
      ++report_.jobs[i].catch_ups;
    runs_.emplace(number, live_run{std::move(made), i});
    enter(number);
  }

  void promote(run_number number) {
    const auto found = runs_.find(number);
    if (found == runs_.end())
      return;
    const auto& one = found->second.run;
    const auto waits = one.state == run_state::scheduled
                       || one.state == run_state::retryable;
    if (waits && one.scheduled_at <= now_)
      change(number, event::promoted{now_});
  }

  void end_attempt(run_number number, std::uint32_t attempt) {
    const auto found = runs_.find(number);
    if (found == runs_.end() || found->second.run.state != run_state::running
        || found->second.run.attempt != attempt)
      return;
    const auto& one = found->second;
    const auto late
        = one.run.timeout && now_ - *one.run.started_at >= *one.run.timeout;
    if (late)
      ++report_.jobs[one.job].timed_out;
    change(number, ended(one.run, late ? outcome_kind::timed_out
                                       : outcome_kind::succeeded));
  }

  event::finished ended(const run& what, outcome_kind how) const {
    event::finished end;
    end.attempt.number = what.attempt;
    end.attempt.started_at = *what.started_at;
    end.attempt.finished_at = now_;
    end.attempt.outcome.kind = how;
    return end;
  }

  /// Takes a run from one state to the next, and out of the books and in again.
  void change(run_number number, const run_event& what) {
    auto& one = runs_.at(number);
    leave(number);
    // What is asked for here is never refused: states are looked at before.
    if (auto after = transition(one.run, what))
      one.run = std::move(*after);
    if (is_final(one.run.state))
      bury(number);
    else
      enter(number);
  }

  void enter(run_number number) {
    const auto& one = runs_.at(number);
    auto& job = jobs_[one.job];
    if (is_scheduled(one.run.trigger))
      (one.run.state == run_state::running ? job.scheduled_running
                                           : job.scheduled_waiting)
          .insert(number);
    switch (one.run.state) {
    case run_state::running:
      job.running.insert(number);
      ++running_;
      if (one.run.serial)
        job.serial = number;
      raise(report_.running, running_, now_);
      raise(report_.jobs[one.job].running, job.running.size(), now_);
      break;
    case run_state::available:
      ready_.insert(one.place(number));
      break;
    default:
      plan({one.run.scheduled_at, event_kind::promoted, number});
    }
  }

  void leave(run_number number) {
    const auto& one = runs_.at(number);
    auto& job = jobs_[one.job];
    job.scheduled_running.erase(number);
    job.scheduled_waiting.erase(number);
    ready_.erase(one.place(number));
    if (job.parked.erase(one.place(number)) > 0)
      --parked_;
    if (job.running.erase(number) == 0)
      return;
    --running_;
    report_.jobs[one.job].busy += alive_until() - *one.run.started_at;
    if (job.serial != number)
      return;
    job.serial.reset();
    if (job.parked.empty())
      return;
    ready_.insert(*job.parked.begin());
    job.parked.erase(job.parked.begin());
    --parked_;
  }

  void bury(run_number number) {
    const auto& one = runs_.at(number);
    auto& job = report_.jobs[one.job];
    ++(one.run.state == run_state::completed   ? job.completed
       : one.run.state == run_state::discarded ? job.discarded
                                               : job.cancelled);
    runs_.erase(number);
  }

  void start_runs() {
    while (running_ < config_.workers && !ready_.empty())
      start(std::get<run_number>(*ready_.begin()));
    raise(report_.waiting, ready_.size() + parked_, now_);
  }

  void start(run_number number) {
    const auto& one = runs_.at(number);
    auto& job = jobs_[one.job];
    if (is_too_late(one.run, now_)) {
      change(number, event::expired{now_});
      return;
    }
    if (one.run.serial && job.serial) {
      ready_.erase(one.place(number));
      job.parked.insert(one.place(number));
      ++parked_;
      return;
    }
    auto& longest = report_.jobs[one.job].longest_wait;
    if (one.run.attempt == 0)
      longest = std::max(longest, now_ - one.run.scheduled_at);
    change(number, event::claimed{now_});
    plan({now_ + duration_of(one), event_kind::ended, number, one.run.attempt});
  }

  milliseconds duration_of(const live_run& one) const {
    const auto known = asked_.durations.find(one.run.job);
    const auto mean = known == asked_.durations.end() ? asked_.other_durations
                                                      : known->second;
    const auto share
        = 2 * spread_of(one.run.id, duration_salt + one.run.attempt) - 1;
    const milliseconds lasts{static_cast<milliseconds::rep>(
        static_cast<double>(mean.count()) * (1 + asked_.spread * share))};
    return one.run.timeout ? std::min(lasts, *one.run.timeout) : lasts;
  }

  // The end

  void finish() {
    now_ = asked_.to;
    for (const auto& [number, one] : runs_) {
      auto& job = report_.jobs[one.job];
      ++job.unfinished;
      if (one.run.state == run_state::running)
        job.busy += alive_until() - *one.run.started_at;
    }
    for (std::size_t i = 0; i < jobs_.size(); ++i)
      if (!is_active(i))
        carry_out(i, pass_over(config_.jobs[i], jobs_[i].cursor, now_,
                               config_.enabled ? tick_fate::disabled
                                               : tick_fate::paused,
                               {}));
  }

  const configuration& config_;
  const simulation_request& asked_;
  time_point now_;
  time_point up_since_;
  bool up_ = false;
  time_point down_since_{};
  std::vector<live_job> jobs_;
  std::unordered_map<run_number, live_run> runs_;
  run_number last_run_ = 0;
  std::set<turn> ready_;
  std::size_t parked_ = 0; ///< in all jobs
  std::size_t running_ = 0;
  std::priority_queue<appointment, std::vector<appointment>,
                      std::greater<appointment>>
      plan_;
  simulation_report report_;
};

} // namespace

simulation_report simulate(const configuration& config,
                           const simulation_request& asked) {
  return simulator{config, asked}.play();
}

} // namespace jobq
