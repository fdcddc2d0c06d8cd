#include "actors/timetable.hpp"

#include <algorithm>
#include <iterator>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "jobs/due.hpp"

namespace jobq {
namespace {

constexpr std::size_t decisions_per_command = 1'000;

/// One part in so many of what is decided in one go is for the latest ticks.
constexpr std::size_t share_of_latest = 8;

constexpr const char* paused_reason
    = "scheduler.enabled is false in the configuration";

tick_fate fate_of_stretch(bool paused) {
  return paused ? tick_fate::paused : tick_fate::disabled;
}

/// Ends the stretch in which nothing of a job may fire, as it is seen at start:
/// one that was going on, or one that begins with what the job is now.
tick_decision end_stretch(const scheduled_job& job, const job_cursor& cursor,
                          time_point now) {
  auto paused = cursor.active ? job.paused : cursor.paused;
  auto told_by_job = !job.active && paused == job.paused;
  std::string reason = told_by_job ? job.inactive_reason
                       : paused    ? "the scheduler was off"
                                   : "the job was disabled";
  auto decision
      = pass_over(job.definition, cursor, std::max(now, cursor.position),
                  fate_of_stretch(paused), std::move(reason));
  decision.cursor.active = job.active;
  decision.cursor.paused = job.paused;
  return decision;
}

tick_decision moved(const job_cursor& to) {
  tick_decision decision;
  decision.cursor = to;
  decision.decided_from = to.position;
  return decision;
}

std::string inactive_reason_of(const job_definition& job,
                               const job_switch* said) {
  if (said == nullptr)
    return job.enabled ? "" : "enabled: false in the configuration";
  if (said->enabled)
    return "";
  auto reason = "disabled by " + said->by;
  return said->reason.empty() ? reason : reason + ": " + said->reason;
}

/// In the order of the runs that they are due for at once.
std::vector<std::pair<run_id, scheduled_job*>>
in_order_of_runs(std::vector<scheduled_job>& jobs) {
  std::vector<std::pair<run_id, scheduled_job*>> all;
  all.reserve(jobs.size());
  for (auto& one : jobs)
    all.emplace_back(run_id::of_tick(one.definition.name, {}), &one);
  std::sort(all.begin(), all.end());
  return all;
}

} // namespace

std::vector<scheduled_job>
scheduled_jobs(const std::vector<job_definition>& jobs,
               const std::vector<job_switch>& switches,
               const std::function<std::string(const job_definition&)>& why_not,
               bool enabled) {
  std::unordered_map<std::string, const job_switch*> by_job;
  for (const auto& one : switches)
    by_job.emplace(one.job, &one);
  std::vector<scheduled_job> all;
  all.reserve(jobs.size());
  for (const auto& job : jobs) {
    auto said = by_job.find(job.name);
    auto reason = inactive_reason_of(job, said == by_job.end() ? nullptr
                                                               : said->second);
    if (reason.empty() && why_not)
      reason = why_not(job);
    if (enabled)
      all.push_back({job, reason.empty(), reason, false});
    else
      all.push_back({job, false, paused_reason, true});
  }
  return all;
}

void add_fires(std::vector<any_command>& to,
               std::vector<tick_decision> decisions, time_point now) {
  command::fire some{{}, now};
  for (auto& decision : decisions) {
    some.decisions.push_back(std::move(decision));
    if (some.decisions.size() == decisions_per_command)
      to.emplace_back(std::exchange(some, {{}, now}));
  }
  if (!some.decisions.empty())
    to.emplace_back(std::move(some));
}

std::vector<any_command>
timetable::reset(std::vector<scheduled_job> jobs,
                 const std::vector<job_cursor>& cursors, time_point now,
                 time_point up_since) {
  entries_.clear();
  order_.clear();
  up_since_ = up_since;
  std::unordered_map<std::string, const job_cursor*> stored;
  for (const auto& cursor : cursors)
    stored.emplace(cursor.job, &cursor);

  std::vector<tick_decision> opening;
  std::unordered_set<std::string> by_hand;
  for (const auto& [_, each] : in_order_of_runs(jobs)) {
    auto& job = *each;
    if (!job.definition.schedule) {
      by_hand.insert(job.definition.name);
      continue;
    }
    const auto& definition = job.definition;
    entry one;
    auto found = stored.find(definition.name);
    if (found == stored.end() || !is_current(*found->second, definition)) {
      one.cursor = start_cursor(definition, now);
      one.cursor.active = job.active;
      one.cursor.paused = job.paused;
      auto decision = moved(one.cursor);
      if (found != stored.end())
        decision.decided_from = found->second->position;
      opening.push_back(std::move(decision));
    } else {
      one.cursor = *found->second;
      // A stretch that nothing of may fire ends here; another may begin.
      if (!one.cursor.active || !job.active) {
        auto decision = end_stretch(job, one.cursor, now);
        one.cursor = decision.cursor;
        opening.push_back(std::move(decision));
      }
    }
    if (found != stored.end())
      stored.erase(found);
    auto name = definition.name;
    one.job = std::move(job);
    one.number = entries_.size();
    place(entries_.emplace(std::move(name), std::move(one)).first->second);
  }
  std::vector<any_command> commands;
  add_fires(commands, std::move(opening), now);
  for (const auto& [name, cursor] : stored)
    commands.emplace_back(command::forget_job{name, by_hand.contains(name)});
  return commands;
}

std::optional<time_point> timetable::next() const {
  if (order_.empty())
    return std::nullopt;
  return order_.begin()->next;
}

std::vector<tick_decision> timetable::decide(time_point now,
                                             std::size_t limit) {
  std::vector<tick_decision> decisions;
  std::size_t firings = 0;
  const auto first_at = [this](time_point when) {
    return order_.lower_bound({when, time_point::min()});
  };
  const auto end = first_at(now + milliseconds{1});
  const auto take = [&](auto from, std::size_t most) {
    while (from != end && firings < most) {
      auto& one = *from->of;
      decisions.push_back(decision_at(one, now));
      firings += decisions.back().firings.size() + 1;
      from = order_.erase(from);
      one.place.reset();
    }
  };
  if (end != order_.begin())
    take(first_at(std::prev(end)->next), limit / share_of_latest);
  take(order_.begin(), limit);
  return decisions;
}

void timetable::committed(const std::vector<tick_decision>& decisions) {
  for (const auto& decision : decisions) {
    auto found = entries_.find(decision.cursor.job);
    if (found == entries_.end())
      continue;
    unplace(found->second);
    found->second.cursor = decision.cursor;
    place(found->second);
  }
}

std::optional<tick_decision> timetable::at_switch(const std::string& job,
                                                  time_point now) const {
  auto found = entries_.find(job);
  if (found == entries_.end())
    return std::nullopt;
  return decision_at(found->second, now);
}

void timetable::switched(const std::string& job, bool active,
                         std::string reason) {
  auto found = entries_.find(job);
  if (found == entries_.end() || found->second.job.paused)
    return;
  unplace(found->second);
  found->second.job.active = active;
  found->second.job.inactive_reason = std::move(reason);
  found->second.cursor.active = active;
  place(found->second);
}

const scheduled_job* timetable::find(const std::string& job) const {
  auto found = entries_.find(job);
  return found == entries_.end() ? nullptr : &found->second.job;
}

tick_decision timetable::decision_at(const entry& of, time_point now) const {
  if (of.job.active)
    return due(of.job.definition, of.cursor, now, up_since_);
  return pass_over(of.job.definition, of.cursor, now,
                   fate_of_stretch(of.job.paused), of.job.inactive_reason);
}

void timetable::place(entry& of) {
  of.place.reset();
  if (!of.job.active)
    return;
  const auto next = next_due(of.job.definition, of.cursor);
  if (!next)
    return;
  auto then = of.cursor;
  then.position = *next;
  const auto after_next = next_due(of.job.definition, then);
  of.place = {*next, after_next.value_or(time_point::max()), of.number, &of};
  order_.insert(*of.place);
}

void timetable::unplace(entry& of) {
  if (!of.place)
    return;
  order_.erase(*of.place);
  of.place.reset();
}

} // namespace jobq
