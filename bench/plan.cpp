#include "bench/measurement.hpp"
#include "bench/rig.hpp"
#include "jobs/cron.hpp"
#include "jobs/due.hpp"
#include "jobs/replay.hpp"

namespace jobq::bench {

/// An every-second job was down for `depth` seconds: its missed ticks are
/// decided under every catch-up policy, and a replay of them is planned.
result<measurement> plan(const scenario& what, const std::string&) {
  job_definition job;
  job.name = "every_second";
  job.schedule_text = "* * * * * *";
  job.schedule = cron_schedule::parse(job.schedule_text).value();
  const auto now = system_time()();
  const auto since = now - seconds{static_cast<seconds::rep>(what.depth)};
  const auto cursor = start_cursor(job, since);
  measurement made;
  made.what = what;
  const auto resident = resident_bytes();
  const auto cpu = cpu_time();
  const auto begun = steady::now();
  tick_decision down;
  for (const auto& [policy, word] : catchup_policy_words) {
    job.catchup = policy;
    auto decision = due(job, cursor, now, now);
    ++made.count;
    if (policy == catchup_policy::none)
      down = std::move(decision);
  }
  replay_request asked;
  asked.from = since;
  const auto planned = plan_replay(job, down.others, std::nullopt, asked, now);
  ++made.count;
  made.took = steady::now() - begun;
  made.cpu = cpu_time() - cpu;
  made.resident = resident_bytes();
  made.note = std::to_string(planned.missed) + " missed ticks, "
              + std::to_string(planned.runs) + " runs planned; "
              + std::to_string(
                  (made.resident - std::min(resident, made.resident)) / 1024)
              + " KiB of memory";
  return made;
}

} // namespace jobq::bench
