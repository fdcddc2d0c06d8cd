#include "jobs/schedule_diff.hpp"

#include <string_view>
#include <unordered_map>
#include <utility>

namespace jobq {
namespace {

schedule_presence presence_of(const configuration& config,
                              const job_definition* job) {
  if (job == nullptr)
    return schedule_presence::absent;
  return config.enabled && job->enabled && job->schedule
             ? schedule_presence::on
             : schedule_presence::off;
}

/// The ticks of one side, one after another.
class tick_stream {
public:
  /// @param job none: a stream without ticks
  tick_stream(const job_definition* job, time_point from, time_point to)
      : job_{job}, to_{to} {
    advance(from);
  }

  const std::optional<time_point>& head() const { return head_; }

  time_point take() {
    const auto taken = *head_;
    advance(taken);
    return taken;
  }

private:
  void advance(time_point after) {
    head_ = job_ == nullptr ? std::nullopt
                            : job_->schedule->next(after, job_->timezone,
                                                   job_->gap, job_->overlap);
    if (head_ && *head_ > to_)
      head_.reset();
  }

  const job_definition* job_;
  time_point to_;
  std::optional<time_point> head_;
};

/// Merges two streams, and pairs what differs.
class comparison {
public:
  comparison(tick_stream before, tick_stream after, std::size_t examples,
             schedule_difference& found)
      : before_{std::move(before)}, after_{std::move(after)},
        examples_{examples}, found_{found} {}

  void run() {
    while (before_.head() || after_.head()) {
      if (before_.head() == after_.head()) {
        settle();
        before_.take();
        after_.take();
        ++found_.kept;
        continue;
      }
      meet(next_is_old() ? tick_change{before_.take(), std::nullopt}
                         : tick_change{std::nullopt, after_.take()});
    }
    settle();
    found_.ticks_before = found_.kept + found_.removed + found_.moved;
    found_.ticks_after = found_.kept + found_.added + found_.moved;
  }

private:
  bool next_is_old() const {
    return before_.head()
           && (!after_.head() || *before_.head() < *after_.head());
  }

  static time_point time_of(const tick_change& one) {
    return one.before ? *one.before : *one.after;
  }

  /// A tick of one side follows what is still open.
  void meet(tick_change one) {
    if (!open_ || open_->before.has_value() == one.before.has_value()) {
      settle();
      open_ = one;
      return;
    }
    if (has_nearer_follower(one)) {
      settle();
      open_ = one;
      return;
    }
    tell({open_->before ? open_->before : one.before,
          open_->after ? open_->after : one.after});
    open_.reset();
  }

  /// Whether the tick after `one` is a better match for it than the open one.
  bool has_nearer_follower(const tick_change& one) const {
    if (before_.head() == after_.head())
      return false;
    const auto old_follows = next_is_old();
    if (old_follows == one.before.has_value())
      return false;
    const auto follower = old_follows ? *before_.head() : *after_.head();
    return follower - time_of(one) < time_of(one) - time_of(*open_);
  }

  /// What is open has no partner.
  void settle() {
    if (open_)
      tell(*open_);
    open_.reset();
  }

  void tell(const tick_change& one) {
    ++(one.before && one.after ? found_.moved
       : one.before            ? found_.removed
                               : found_.added);
    if (found_.first.size() < examples_)
      found_.first.push_back(one);
  }

  tick_stream before_;
  tick_stream after_;
  std::size_t examples_;
  schedule_difference& found_;
  std::optional<tick_change> open_;
};

using job_index = std::unordered_map<std::string_view, const job_definition*>;

job_index index_of(const configuration& config) {
  job_index index;
  for (const auto& job : config.jobs)
    index.emplace(job.name, &job);
  return index;
}

} // namespace

std::vector<schedule_difference>
compare_schedules(const configuration& before, const configuration& after,
                  time_point from, time_point to, std::size_t examples) {
  const auto old_jobs = index_of(before);
  const auto new_jobs = index_of(after);
  std::vector<schedule_difference> all;
  const auto compare = [&](const job_definition* was,
                           const job_definition* is) {
    schedule_difference found;
    found.job = was != nullptr ? was->name : is->name;
    found.before = presence_of(before, was);
    found.after = presence_of(after, is);
    const auto was_on = found.before == schedule_presence::on;
    const auto is_on = found.after == schedule_presence::on;
    const auto same
        = found.before == found.after
          && (!was_on
              || was->schedule_fingerprint() == is->schedule_fingerprint());
    if (same)
      return;
    comparison{tick_stream{was_on ? was : nullptr, from, to},
               tick_stream{is_on ? is : nullptr, from, to}, examples, found}
        .run();
    const auto differs = found.added + found.removed + found.moved > 0;
    if (differs || found.before != found.after)
      all.push_back(std::move(found));
  };
  for (const auto& job : after.jobs) {
    const auto was = old_jobs.find(job.name);
    compare(was == old_jobs.end() ? nullptr : was->second, &job);
  }
  for (const auto& job : before.jobs)
    if (!new_jobs.contains(job.name))
      compare(&job, nullptr);
  return all;
}

} // namespace jobq
