#include "bench/drive.hpp"

#include <algorithm>
#include <exception>
#include <memory>

#include <unistd.h>

#include <nlohmann/json.hpp>

#include "bench/rig.hpp"
#include "bench/target.hpp"
#include "jobs/names.hpp"

namespace jobq::bench {
namespace {

constexpr std::uint64_t most_runs = 100'000'000;
constexpr std::chrono::seconds most_time{60};
/// After this no measure goes on; the rest of the minute is for cleaning up.
constexpr std::chrono::seconds whole{50};
/// What preparing a measure gets, however long the measure is to be.
constexpr std::chrono::seconds preparation{10};
constexpr std::uint64_t latency_runs = 200;
constexpr std::uint32_t batch = 1'000;
constexpr std::uint32_t concurrent = 256;

constexpr double mebi = 1 << 20;

/// One measure on its way.
class measuring {
public:
  measuring(const drive_options& options,
            const std::function<void(const std::string&)>& print)
      : options_{options}, print_{print} {}

  result<void> carry_out() {
    scratch place{options_.directory};
    const target_options how{place.path(), options_.durability,
                             options_.server};
    auto opened = options_.via_socket ? open_socket(how) : open_inprocess(how);
    if (!opened)
      return tl::unexpected{opened.error()};
    target_ = std::move(*opened);
    // It goes before the directory that it works in.
    auto done = measure();
    target_.reset();
    return done;
  }

  void print(const std::string& name, double value, const char* unit,
             std::uint64_t n, const std::string& note) const {
    nlohmann::ordered_json line;
    line["measure"] = name;
    line["value"]
        = static_cast<double>(static_cast<std::int64_t>(value * 10)) / 10;
    line["unit"] = unit;
    line["n"] = n;
    line["note"] = note;
    print_(line.dump());
  }

  void print_failure(const std::string& why) const {
    nlohmann::ordered_json line;
    line["measure"] = options_.measure;
    line["value"] = nullptr;
    line["unit"] = nullptr;
    line["n"] = 0;
    line["note"] = why;
    print_(line.dump());
  }

private:
  result<void> measure() {
    if (options_.measure == "latency")
      return latency();
    if (options_.measure == "memory")
      return memory();
    if (options_.measure == "e2e")
      return end_to_end();
    if (options_.measure == "enqueue_conc")
      return enqueue({concurrent, 1});
    if (options_.measure == "enqueue_bulk")
      return enqueue({1, batch});
    return enqueue({1, 1});
  }

  /// So many runs, and no longer than asked for from now on.
  bounds from_now(std::uint64_t runs) const {
    return {runs, std::min(steady::now() + options_.time, begun_ + whole)};
  }

  result<void> enqueue(const producing& how) {
    const auto came = target_->enqueue(how, from_now(options_.runs));
    if (!came)
      return tl::unexpected{came.error()};
    return print_rate(*came, note());
  }

  result<void> end_to_end() {
    const bounds until{options_.runs,
                       begun_ + std::max(preparation, whole - options_.time)};
    const auto queued = target_->enqueue({1, batch}, until);
    if (!queued)
      return tl::unexpected{queued.error()};
    const auto came = target_->execute(from_now(queued->runs));
    if (!came)
      return tl::unexpected{came.error()};
    return print_rate(*came, std::to_string(queued->runs) + " queued; " + note()
                                 + "; " + target_->execution());
  }

  result<void> latency() {
    auto came = target_->start_latencies(
        from_now(std::min(options_.runs, latency_runs)));
    if (!came)
      return tl::unexpected{came.error()};
    if (came->empty())
      return fail(errc::internal, "no time for a single run");
    const auto n = came->size();
    const auto said = note() + "; " + target_->execution();
    print("latency p50", came->at(0.5), "us", n, said);
    print("latency p99", came->at(0.99), "us", n, said);
    return {};
  }

  result<void> memory() {
    const auto before = static_cast<double>(target_->resident()) / mebi;
    const auto came = target_->enqueue({1, batch}, from_now(options_.runs));
    if (!came)
      return tl::unexpected{came.error()};
    print("memory", static_cast<double>(target_->resident()) / mebi, "MiB",
          came->runs,
          std::to_string(static_cast<std::int64_t>(before))
              + " MiB with nothing queued; " + note());
    return {};
  }

  result<void> print_rate(const progress& came, const std::string& note) {
    if (came.runs == 0 || came.took.count() <= 0)
      return fail(errc::internal, "no time for a single run");
    const std::chrono::duration<double> took = came.took;
    print(options_.measure, static_cast<double>(came.runs) / took.count(),
          "runs/s", came.runs, note);
    return {};
  }

  std::string note() const {
    return (options_.durability == durability::sync ? "durability sync; "
                                                    : "durability async; ")
           + target_->note() + (interrupted() ? "; interrupted" : "");
  }

  const drive_options& options_;
  const std::function<void(const std::string&)>& print_;
  const steady::time_point begun_ = steady::now();
  std::unique_ptr<target> target_;
};

} // namespace

const std::vector<std::string>& drive_measures() {
  static const std::vector<std::string> all{"enqueue_single", "enqueue_conc",
                                            "enqueue_bulk",   "e2e",
                                            "latency",        "memory"};
  return all;
}

result<void> check(const drive_options& options) {
  const auto& known = drive_measures();
  if (std::find(known.begin(), known.end(), options.measure) == known.end())
    return fail(errc::invalid_argument,
                "no measure \"" + options.measure + "\""
                    + did_you_mean(options.measure, known));
  if (options.runs < 1 || options.runs > most_runs)
    return fail(errc::invalid_argument,
                "N must be 1 to " + std::to_string(most_runs));
  if (options.time.count() < 1 || options.time > most_time)
    return fail(errc::invalid_argument, "SECONDS must be 1 to 60");
  if (options.via_socket && options.durability != durability::sync)
    return fail(errc::invalid_argument,
                "--durability async goes with --via inprocess: a server syncs");
  if (options.via_socket && ::access(options.server.c_str(), X_OK) != 0)
    return fail(errc::invalid_argument,
                "no server " + options.server.string()
                    + ": build jobqd, or name it with --server");
  return {};
}

bool drive(const drive_options& options,
           const std::function<void(const std::string& line)>& print) {
  measuring one{options, print};
  try {
    if (auto done = one.carry_out(); !done) {
      one.print_failure(interrupted() ? "interrupted" : done.error().message);
      return false;
    }
    return true;
  } catch (const std::exception& failed) {
    one.print_failure(failed.what());
    return false;
  }
}

} // namespace jobq::bench
