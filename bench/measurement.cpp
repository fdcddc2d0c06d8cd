#include "bench/measurement.hpp"

#include <algorithm>
#include <cstdio>
#include <utility>

#include <nlohmann/json.hpp>

#include "bench/rig.hpp"

namespace jobq::bench {
namespace {

double seconds_of(std::chrono::nanoseconds value) {
  return std::chrono::duration<double>{value}.count();
}

double rounded(double value) {
  return static_cast<double>(static_cast<std::int64_t>(value * 1'000 + 0.5))
         / 1'000;
}

nlohmann::ordered_json quantiles(latencies& of) {
  return {{"p50", rounded(of.at(0.5))},
          {"p99", rounded(of.at(0.99))},
          {"p999", rounded(of.at(0.999))}};
}

void add_line(std::string& text, const char* what, latencies& of) {
  if (of.empty())
    return;
  char line[160];
  std::snprintf(line, sizeof line,
                "  %-24s p50 %10.0f  p99 %10.0f  p99.9 %10.0f us\n", what,
                of.at(0.5), of.at(0.99), of.at(0.999));
  text += line;
}

} // namespace

double latencies::at(double share) {
  if (all_.empty())
    return 0;
  if (!sorted_)
    std::sort(all_.begin(), all_.end());
  sorted_ = true;
  const auto last = static_cast<double>(all_.size() - 1);
  return static_cast<double>(all_[static_cast<std::size_t>(last * share)])
         / 1'000;
}

double measurement::per_second() const {
  return took.count() > 0 ? static_cast<double>(count) / seconds_of(took) : 0;
}

std::optional<double> measurement::floor_ratio() const {
  if (!floor || took.count() == 0)
    return std::nullopt;
  return seconds_of(floor->took) / seconds_of(took);
}

std::optional<double> measurement::depth_ratio() const {
  if (!shallow_cpu || shallow_cpu->count() == 0)
    return std::nullopt;
  return seconds_of(cpu) / seconds_of(*shallow_cpu);
}

double measurement::cpu_per_run() const {
  return count > 0 ? seconds_of(cpu) * 1e6 / static_cast<double>(count) : 0;
}

double measurement::hosts_cpu_per_run() const {
  return count > 0 && hosts_cpu
             ? seconds_of(*hosts_cpu) * 1e6 / static_cast<double>(count)
             : 0;
}

double measurement::floor_cpu_per_run() const {
  return count > 0 && floor
             ? seconds_of(floor->cpu) * 1e6 / static_cast<double>(count)
             : 0;
}

std::string measurement::json() {
  nlohmann::ordered_json made;
  made["scenario"] = what.name();
  made["runs"] = count;
  made["seconds"] = rounded(seconds_of(took));
  made["runs_per_second"] = rounded(per_second());
  if (auto ratio = floor_ratio()) {
    made["floor_ratio"] = rounded(*ratio);
    made["floor_runs_per_second"]
        = rounded(static_cast<double>(count) / seconds_of(floor->took));
    if (!floor->synced.empty())
      made["floor_commit_us"] = quantiles(floor->synced);
    made["floor_cpu_us_per_run"] = rounded(floor_cpu_per_run());
  }
  made["cpu_us_per_run"] = rounded(cpu_per_run());
  if (auto ratio = depth_ratio())
    made["depth_ratio"] = rounded(*ratio);
  if (hosts_cpu)
    made["hosts_cpu_us_per_run"] = rounded(hosts_cpu_per_run());
  if (spawned) {
    made["spawns_per_second"] = rounded(spawned->per_second);
    made["spawn_cpu_us"] = rounded(spawned->cpu);
    made["spawn_ratio"] = rounded(per_second() / spawned->per_second);
  }
  if (!acknowledged.empty())
    made["acknowledged_us"] = quantiles(acknowledged);
  if (!started.empty())
    made["started_us"] = quantiles(started);
  if (!finished.empty())
    made["finished_us"] = quantiles(finished);
  if (!durable.empty())
    made["acknowledged_to_finished_us"] = quantiles(durable);
  if (commits > 0) {
    made["commits"] = commits;
    made["bytes_per_run"]
        = rounded(static_cast<double>(bytes) / static_cast<double>(count));
  }
  made["resident_mib"] = rounded(static_cast<double>(resident) / (1 << 20));
  if (!note.empty())
    made["note"] = note;
  return made.dump();
}

std::string measurement::text() {
  char line[240];
  std::string made = what.name() + "\n";
  std::snprintf(line, sizeof line,
                "  %.0f runs/s, %.1f us CPU per run, %.0f MiB resident",
                per_second(), cpu_per_run(),
                static_cast<double>(resident) / (1 << 20));
  made += line;
  if (auto ratio = floor_ratio()) {
    std::snprintf(line, sizeof line,
                  ", %.2f of the raw floor (%.1f us CPU per run)", *ratio,
                  floor_cpu_per_run());
    made += line;
  }
  made += "\n";
  if (auto ratio = depth_ratio()) {
    std::snprintf(
        line, sizeof line,
        "  %.2f times the CPU of the same with hardly a run waiting\n", *ratio);
    made += line;
  }
  if (hosts_cpu) {
    std::snprintf(line, sizeof line, "  %.1f us CPU per run in job hosts\n",
                  hosts_cpu_per_run());
    made += line;
  }
  if (spawned) {
    std::snprintf(line, sizeof line,
                  "  beside it: %.0f posix_spawn/s of %.1f us CPU each\n",
                  spawned->per_second, spawned->cpu);
    made += line;
  }
  if (commits > 0) {
    std::snprintf(line, sizeof line, "  %.0f bytes per run in %llu commits\n",
                  static_cast<double>(bytes) / static_cast<double>(count),
                  static_cast<unsigned long long>(commits));
    made += line;
  }
  add_line(made, "enqueue to acknowledged", acknowledged);
  add_line(made, "enqueue to start", started);
  add_line(made, "enqueue to finished", finished);
  add_line(made, "acknowledged to finished", durable);
  if (floor)
    add_line(made, "synced commit, floor", floor->synced);
  if (!note.empty())
    made += "  " + note + "\n";
  return made;
}

result<void> compare_with_floor(const std::vector<written_batch>& written,
                                const std::filesystem::path& directory,
                                measurement& to) {
  to.commits = written.size();
  for (const auto& one : written)
    to.bytes += one.bytes.size();
  auto floor = write_again(written, directory, to.what.floor);
  if (!floor)
    return tl::unexpected{floor.error()};
  to.floor = std::move(*floor);
  return {};
}

result<measurement> carry_out(const scenario& what,
                              const std::string& directory) {
  switch (what.what) {
  case measure::full_cycle:
    return full_cycle(what, directory);
  case measure::enqueue:
    return enqueue_only(what, directory);
  case measure::bare_cycle:
    return bare_cycle(what, directory);
  case measure::fan_out:
    return fan_out(what, directory);
  case measure::restart:
    return restart(what, directory);
  case measure::catch_up:
    return catch_up(what, directory);
  case measure::churn:
    return churn(what, directory);
  case measure::plan:
    return plan(what, directory);
  case measure::isolation:
    return isolation(what, directory);
  }
  return fail(errc::internal, "an unknown measure");
}

} // namespace jobq::bench
