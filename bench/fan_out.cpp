#include <future>
#include <thread>

#include "bench/measurement.hpp"
#include "bench/rig.hpp"
#include "jobs/cron.hpp"

namespace jobq::bench {
namespace {

/// A configuration whose jobs are all due in the same second of every minute,
/// and one that is due every second.
configuration herd(std::uint64_t jobs, int second) {
  configuration made;
  auto add = [&made](std::string name, const std::string& schedule) {
    job_definition job;
    job.name = std::move(name);
    job.extension = "bench";
    job.function = "no_op";
    job.schedule_text = schedule;
    job.schedule = cron_schedule::parse(schedule).value();
    made.jobs.push_back(std::move(job));
  };
  const auto schedule = std::to_string(second) + " * * * * *";
  for (std::uint64_t i = 0; i < jobs; ++i)
    add("herd_" + std::to_string(i), schedule);
  add("steady", "* * * * * *");
  return made;
}

} // namespace

/// How many runs have ever been made durable.
std::uint64_t durable_runs(const store& source) {
  const auto seen = source.statistics();
  if (!seen)
    return 0;
  auto count = seen->last_sequence; // those that have ended
  for (const auto& queue : seen->queues)
    for (const auto& [_, live] : queue.live)
      count += live;
  return count;
}

/// `depth` jobs are due in the same second: how long until all their ticks are
/// durable, and how late another job's ticks and runs become from then on.
result<measurement> fan_out(const scenario& what,
                            const std::string& directory) {
  scratch place{directory};
  rig_options options;
  options.directory = place.path();
  options.capture = false;
  auto target = rig::open(options);
  if (!target)
    return tl::unexpected{target.error()};
  const auto now = system_time()();
  const auto second_now
      = std::chrono::floor<seconds>(now).time_since_epoch().count() % 60;
  const auto lead = 4 + static_cast<std::int64_t>(what.depth / 50'000);
  const auto second = static_cast<int>((second_now + lead) % 60);
  const auto due = std::chrono::floor<seconds>(now) + seconds{lead};
  if (auto ok = (*target)->start(herd(what.depth, second), true); !ok)
    return tl::unexpected{ok.error()};
  auto feed = (*target)->engine->subscribe(0, 4 * what.depth + 1'024);
  measurement made;
  made.what = what;
  made.count = what.depth;
  const auto cpu = cpu_time();
  std::promise<time_point> durable;
  std::jthread watch{[&](const std::stop_token& stop) {
    while (!stop.stop_requested()
           && durable_runs(*(*target)->store) < what.depth)
      std::this_thread::sleep_for(milliseconds{5});
    durable.set_value(system_time()());
  }};
  milliseconds latest_tick{};
  milliseconds latest_run{};
  for (std::uint64_t seen = 0; seen < what.depth;) {
    auto fresh = feed->next(seconds{30});
    if (!fresh)
      return tl::unexpected{fresh.error()};
    if (fresh->empty())
      return fail(errc::internal, "the herd did not come");
    for (const auto& one : *fresh) {
      if (one.run->job == "steady") {
        const auto nominal = *one.run->nominal_time;
        if (nominal < due)
          continue; // while the jobs were taken up
        latest_tick = std::max(latest_tick, one.run->created_at - nominal);
        latest_run = std::max(latest_run, *one.run->started_at - nominal);
        continue;
      }
      ++seen;
      made.started.add(std::chrono::nanoseconds{*one.run->started_at
                                                - *one.run->nominal_time}
                           .count());
    }
  }
  made.took = system_time()() - due;
  made.cpu = cpu_time() - cpu;
  made.resident = resident_bytes();
  made.note
      = "all durable "
        + std::to_string((durable.get_future().get() - due).count())
        + " ms after their second; another job's ticks from then on at most "
        + std::to_string(latest_tick.count()) + " ms late, its runs "
        + std::to_string(latest_run.count()) + " ms";
  return made;
}

} // namespace jobq::bench
