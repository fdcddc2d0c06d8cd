#include <algorithm>

#include "bench/measurement.hpp"
#include "bench/progress_bar.hpp"
#include "bench/rig.hpp"
#include "queue/rocksdb_database.hpp"

namespace jobq::bench {
namespace {

constexpr std::uint64_t batch = 1'000;

/// Bytes of keys and values that a store holds.
result<std::uint64_t> live_bytes(const std::filesystem::path& directory) {
  auto db = rocksdb_database::open(directory, true);
  if (!db)
    return tl::unexpected{db.error()};
  std::uint64_t bytes = 0;
  for (const auto where : {family::meta, family::runs, family::history}) {
    scan rows{**db, where, {}, {}};
    for (; rows.valid(); rows.next())
      bytes += rows.key().size() + rows.value().size();
    if (auto ok = rows.status(); !ok)
      return tl::unexpected{ok.error()};
  }
  return bytes;
}

std::uint64_t disk_bytes(const std::filesystem::path& directory) {
  std::uint64_t bytes = 0;
  for (const auto& file : std::filesystem::directory_iterator{directory})
    bytes += file.file_size();
  return bytes;
}

/// Sends runs through all of their life: scheduled, released, claimed,
/// finished, expired.
class mill {
public:
  mill(store& target, std::uint32_t payload)
      : store_{target}, payload_{payload}, now_{system_time()()} {}

  result<void> turn(std::uint64_t first) {
    now_ += seconds{1};
    command::enqueue fresh;
    for (std::uint64_t i = 0; i < batch; ++i) {
      auto one = numbered_run(first + i, payload_);
      one.state = run_state::scheduled;
      one.priority = 1; // claimed ahead of those that stay
      one.scheduled_at = now_ + milliseconds{500};
      fresh.runs.push_back(std::move(one));
    }
    now_ += seconds{1};
    std::vector<any_command> commands;
    commands.emplace_back(std::move(fresh));
    commands.emplace_back(command::promote{now_});
    commands.emplace_back(command::claim{"bench", batch, now_});
    auto report = apply(commands);
    if (!report)
      return tl::unexpected{report.error()};
    commands.clear();
    command::finish done;
    for (const auto& one : report->replies.at(2)->runs) {
      attempt ended;
      ended.number = one->attempt;
      ended.started_at = ended.finished_at = now_;
      done.ends.push_back(std::make_shared<const attempt_end>(
          attempt_end{one->id, std::move(ended), {}}));
    }
    commands.emplace_back(std::move(done));
    const retention nothing{{}, {}, {}, {}};
    commands.emplace_back(command::expire{nothing, now_ + seconds{1}, batch});
    report = apply(commands);
    return report ? result<void>{} : tl::unexpected{report.error()};
  }

  std::chrono::nanoseconds longest{}; ///< commit

private:
  result<commit_report> apply(std::vector<any_command>& commands) {
    const auto begun = steady::now();
    auto report = store_.apply(commands, durability::async);
    longest
        = std::max<std::chrono::nanoseconds>(longest, steady::now() - begun);
    if (report)
      for (const auto& one : report->replies)
        if (!one)
          return tl::unexpected{one.error()};
    return report;
  }

  store& store_;
  std::uint32_t payload_;
  time_point now_;
};

} // namespace

/// `count` runs pass through a store in which `depth` others wait, each
/// delayed, released, finished and expired: what they leave on disk.
result<measurement> churn(const scenario& what, const std::string& directory) {
  scratch place{directory};
  rig_options options;
  options.directory = place.path();
  options.capture = false;
  auto target = rig::open(options);
  if (!target)
    return tl::unexpected{target.error()};
  measurement made;
  made.what = what;
  made.count = what.count > 0 ? what.count : 200'000;
  made.count -= made.count % batch;
  measured().total = made.count;
  const auto cpu = cpu_time();
  const auto begun = steady::now();
  mill turning{*(*target)->store, what.payload};
  // Those that stay come first and in between, so that no file holds only what
  // has gone.
  const auto rounds = made.count / batch;
  std::uint64_t waiting = 0;
  for (std::uint64_t i = 0; i < rounds; ++i) {
    const auto due = what.depth * (i + 1) / rounds;
    if (auto ok = (*target)->fill(due - waiting, what.payload, waiting); !ok)
      return tl::unexpected{ok.error()};
    waiting = due;
    if (auto ok = turning.turn(i * batch); !ok)
      return tl::unexpected{ok.error()};
    measured().done = (i + 1) * batch;
  }
  made.took = steady::now() - begun;
  made.cpu = cpu_time() - cpu;
  settle();
  made.resident = resident_bytes();
  const auto store = place.path() / "store";
  const auto on_disk = disk_bytes(store);
  const auto live = live_bytes(store);
  if (!live)
    return tl::unexpected{live.error()};
  const auto mebibytes = [](std::uint64_t bytes) {
    return std::to_string(bytes >> 20) + " MiB";
  };
  char ratio[32];
  std::snprintf(ratio, sizeof ratio, "%.2f",
                static_cast<double>(on_disk) / static_cast<double>(*live));
  made.note = mebibytes(on_disk) + " on disk for " + mebibytes(*live)
              + " of live rows (" + ratio + "), longest commit "
              + std::to_string(
                  std::chrono::floor<milliseconds>(turning.longest).count())
              + " ms";
  return made;
}

} // namespace jobq::bench
