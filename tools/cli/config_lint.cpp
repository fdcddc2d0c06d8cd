#include "tools/cli/config_lint.hpp"

#include <algorithm>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>

#include "jobs/cron_explain.hpp"
#include "tools/cli/schedule_lint.hpp"

namespace jobq {

namespace {

namespace chrono = std::chrono;

constexpr chrono::days clock_horizon{366};
constexpr chrono::days herd_horizon{1};
constexpr chrono::hours widest_change{3};
constexpr int ticks_to_compare = 100;
/// Fire times that the search for herds looks at, over all schedules.
constexpr std::size_t herd_budget = 1'000'000;
constexpr std::size_t named_jobs = 3;

config_fault doubt(const job_definition& job, const std::string& text) {
  return {severity::warning, job.place, job.name,
          "schedule \"" + job.schedule_text + "\": " + text};
}

/// What the next clock change that matters makes of a fixed time.
/// @param forward whether changes that skip times are meant
std::optional<std::string> change_note(const job_definition& job,
                                       time_point now, bool forward) {
  const auto end = chrono::floor<seconds>(now) + clock_horizon;
  auto period = job.timezone.at(chrono::floor<seconds>(now));
  while (period.end < end) {
    const auto next = job.timezone.at(period.end);
    const auto jump = next.offset - period.offset;
    const auto matters = forward ? jump > seconds{0} && jump <= widest_change
                                 : jump < seconds{0} && -jump <= widest_change;
    if (matters) {
      // The fire time at the end of a gap, or the first of a repeated stretch.
      const auto from = (forward ? period.end : period.end + jump) - seconds{1};
      const auto fires = explain_next(*job.schedule, job.timezone, from, 1,
                                      job.gap, job.overlap);
      if (!fires.empty() && !fires.front().note.empty())
        return fires.front().note;
    }
    period = next;
  }
  return std::nullopt;
}

void doubt_clock_changes(const job_definition& job, time_point now,
                         std::vector<config_fault>& doubts) {
  if (job.schedule->is_interval())
    return;
  const auto tell = [&](bool forward, const std::string& key) {
    if (const auto note = change_note(job, now, forward))
      doubts.push_back(doubt(job, "in " + job.timezone.name() + " " + *note
                                      + "; take another hour, or set " + key
                                      + " to say what you want"));
  };
  if (job.gap == dst_gap::automatic)
    tell(true, "dst_gap");
  if (job.overlap == dst_overlap::automatic)
    tell(false, "dst_overlap");
}

void doubt_duration(const job_definition& job, time_point now,
                    milliseconds mean, std::vector<config_fault>& doubts) {
  std::optional<milliseconds> shortest;
  auto at = job.schedule->next(now, job.timezone, job.gap, job.overlap);
  for (int i = 0; at && i < ticks_to_compare; ++i) {
    const auto next
        = job.schedule->next(*at, job.timezone, job.gap, job.overlap);
    if (!next)
      break;
    shortest = std::min(shortest.value_or(milliseconds::max()), *next - *at);
    at = next;
  }
  if (!shortest || mean <= *shortest)
    return;
  doubts.push_back(doubt(
      job, "its runs take " + format_duration(mean) + " in the mean, and only "
               + format_duration(*shortest)
               + " lie between two ticks; overlap_policy "
               + std::string{word_of(overlap_policy_words, job.overlap_policy)}
               + " decides what becomes of the others"));
}

/// Jobs that fire at the same times.
struct herd {
  std::vector<const job_definition*> jobs;
  std::vector<time_point> times;
};

/// The jobs that fire together, by schedule. Jobs with jitter spread
/// themselves, and one that never fires in the horizon joins no herd.
std::vector<herd> same_schedules(const configuration& config, time_point now) {
  std::unordered_map<std::string, herd> all;
  for (const auto& job : config.jobs)
    if (job.schedule && job.enabled && job.jitter == milliseconds{0})
      all[job.schedule_fingerprint()].jobs.push_back(&job);
  std::vector<herd> herds;
  for (auto& [fingerprint, one] : all) {
    const auto& job = *one.jobs.front();
    auto at = job.schedule->next(now, job.timezone, job.gap, job.overlap);
    while (at && *at <= now + herd_horizon
           && one.times.size() < herd_budget / all.size()) {
      one.times.push_back(*at);
      at = job.schedule->next(*at, job.timezone, job.gap, job.overlap);
    }
    herds.push_back(std::move(one));
  }
  return herds;
}

/// The second in which the most jobs fire, when they are more than the workers.
void doubt_herd(const configuration& config, time_point now,
                std::vector<config_fault>& doubts) {
  const auto herds = same_schedules(config, now);
  std::unordered_map<time_point::rep, std::size_t> fired;
  for (const auto& one : herds)
    for (const auto at : one.times)
      fired[at.time_since_epoch().count()] += one.jobs.size();
  std::size_t most = config.workers;
  std::optional<time_point> when;
  for (const auto& [at, count] : fired) {
    const time_point time{milliseconds{at}};
    if (count > most || (count == most && when && time < *when)) {
      most = count;
      when = time;
    }
  }
  if (!when)
    return;
  const job_definition* first = nullptr;
  std::set<std::string> names;
  for (const auto& one : herds) {
    if (!std::binary_search(one.times.begin(), one.times.end(), *when))
      continue;
    for (const auto* job : one.jobs) {
      names.insert(job->name);
      if (first == nullptr || job < first)
        first = job;
    }
  }
  std::string listed;
  std::size_t told = 0;
  for (const auto& name : names) {
    if (told++ == named_jobs) {
      listed += ", ...";
      break;
    }
    listed += (listed.empty() ? "" : ", ") + name;
  }
  doubts.push_back(
      {severity::warning, first->place, "",
       std::to_string(names.size()) + " jobs fire at " + format_utc(*when)
           + " (" + listed + ") and " + std::to_string(config.workers)
           + " workers run them: give them jitter, or other seconds"});
}

} // namespace

std::vector<config_fault>
config_doubts(const configuration& config, time_point now,
              const std::map<std::string, milliseconds>& means) {
  std::vector<config_fault> doubts;
  for (const auto& job : config.jobs) {
    for (const auto& text : schedule_doubts(job.schedule_text))
      doubts.push_back(doubt(job, text));
    if (!job.schedule)
      continue;
    doubt_clock_changes(job, now, doubts);
    if (const auto mean = means.find(job.name); mean != means.end())
      doubt_duration(job, now, mean->second, doubts);
  }
  doubt_herd(config, now, doubts);
  return doubts;
}

} // namespace jobq
