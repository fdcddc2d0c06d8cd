#include <algorithm>
#include <thread>

#include "bench/measurement.hpp"
#include "bench/rig.hpp"
#include "jobs/cron.hpp"
#include "jobs/due.hpp"

namespace jobq::bench {
namespace {

constexpr std::chrono::days month{30};

/// Hourly jobs, spread over the hour.
configuration hourly_jobs(std::uint64_t jobs) {
  configuration made;
  for (std::uint64_t i = 0; i < jobs; ++i) {
    job_definition job;
    job.name = "hourly_" + std::to_string(i);
    job.extension = "bench";
    job.function = "no_op";
    job.schedule_text = std::to_string(i % 60) + " "
                        + std::to_string(i / 60 % 60) + " * * * *";
    job.schedule = cron_schedule::parse(job.schedule_text).value();
    made.jobs.push_back(std::move(job));
  }
  return made;
}

/// Leaves a store as a server does that went down at that time.
result<void> leave_cursors(store& where, const configuration& config,
                           time_point at) {
  command::fire fired;
  fired.now = at;
  for (const auto& job : config.jobs) {
    tick_decision begun;
    begun.cursor = start_cursor(job, at);
    begun.decided_from = at;
    fired.decisions.push_back(std::move(begun));
  }
  any_command what{std::move(fired)};
  auto report = where.apply({&what, 1}, durability::sync);
  if (!report)
    return tl::unexpected{report.error()};
  return {};
}

/// Whether the ticks of all jobs up to then are decided, and durable.
bool all_decided(const store& where, time_point at) {
  const auto cursors = where.cursors();
  return cursors && std::ranges::all_of(*cursors, [at](const auto& one) {
           return one.position >= at;
         });
}

} // namespace

/// The server of `depth` jobs starts after a month of downtime: how long until
/// the fates of all missed ticks are durable.
result<measurement> catch_up(const scenario& what,
                             const std::string& directory) {
  scratch place{directory};
  rig_options options;
  options.directory = place.path();
  options.capture = false;
  options.workers = 8;
  auto target = rig::open(options);
  if (!target)
    return tl::unexpected{target.error()};
  const auto config = hourly_jobs(what.depth);
  const auto now = system_time()();
  if (auto ok = leave_cursors(*(*target)->store, config, now - month); !ok)
    return tl::unexpected{ok.error()};
  measurement made;
  made.what = what;
  made.count = what.depth;
  const auto cpu = cpu_time();
  const auto begun = steady::now();
  if (auto ok = (*target)->start(config, true); !ok)
    return tl::unexpected{ok.error()};
  const auto started = steady::now();
  while (!all_decided(*(*target)->store, now)) {
    if (steady::now() - begun > std::chrono::minutes{2})
      return fail(errc::internal, "the missed ticks are not decided");
    std::this_thread::sleep_for(milliseconds{5});
  }
  made.took = steady::now() - begun;
  made.cpu = cpu_time() - cpu;
  made.resident = resident_bytes();
  made.note
      = "engine started after "
        + std::to_string(
            std::chrono::floor<milliseconds>(started - begun).count())
        + " ms, all decided and durable after "
        + std::to_string(std::chrono::floor<milliseconds>(made.took).count())
        + " ms";
  return made;
}

} // namespace jobq::bench
