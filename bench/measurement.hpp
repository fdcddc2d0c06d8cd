#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "bench/scenario.hpp"
#include "jobs/error.hpp"

namespace jobq::bench {

/// Latencies in nanoseconds; sorted once they are asked for.
class latencies {
public:
  void add(std::int64_t ns) { all_.push_back(ns); }
  bool empty() const { return all_.empty(); }
  std::size_t size() const { return all_.size(); }

  /// @param share of the values that are at most this, 0..1
  /// @returns microseconds
  double at(double share);

private:
  std::vector<std::int64_t> all_;
  bool sorted_ = false;
};

/// What it costs to start a program that does nothing, and to wait for its
/// end.
struct spawn_figures {
  double per_second = 0;
  double cpu = 0; ///< microseconds each, the program's own included
};

/// The raw floor: RocksDB alone, with the same batches.
struct floor_figures {
  std::chrono::nanoseconds took{};
  std::chrono::nanoseconds cpu{}; ///< of the whole process
  latencies synced;               ///< each commit that waited for the disk
};

/// What one repetition of a scenario came to.
struct measurement {
  scenario what;
  std::uint64_t count = 0; ///< runs measured
  std::chrono::nanoseconds took{};
  std::chrono::nanoseconds cpu{}; ///< of the whole process, driver included
  latencies acknowledged;         ///< from the enqueue to its answer
  latencies started;              ///< to the function's begin
  latencies finished; ///< to the completion's arrival at the subscriber
  latencies durable;  ///< the same, from the enqueue's answer
  std::uint64_t commits = 0;
  std::uint64_t bytes = 0; ///< given to RocksDB, all batches together
  std::uint64_t resident = 0;
  std::optional<floor_figures> floor;
  /// `cpu` of the same with hardly a run waiting, before and after: their mean.
  std::optional<std::chrono::nanoseconds> shallow_cpu;
  std::optional<std::chrono::nanoseconds> hosts_cpu; ///< of all job hosts
  std::optional<spawn_figures> spawned;              ///< in the same repetition
  std::string note;

  double per_second() const;
  /// How much of the raw floor's speed was reached.
  std::optional<double> floor_ratio() const;
  /// How many times the CPU time goes into a run because of those that wait.
  std::optional<double> depth_ratio() const;
  double cpu_per_run() const; ///< microseconds, of this process
  double hosts_cpu_per_run() const;
  double floor_cpu_per_run() const;

  /// One line of JSON.
  std::string json();
  /// A few lines for people.
  std::string text();
};

struct written_batch;

/// Fills in what was written and how long the raw floor takes for it.
result<void> compare_with_floor(const std::vector<written_batch>& written,
                                const std::filesystem::path& directory,
                                measurement& to);

/// Carries out one repetition.
/// @param directory for scratch data; its disk is what is measured
result<measurement> carry_out(const scenario& what,
                              const std::string& directory);

result<measurement> full_cycle(const scenario& what,
                               const std::string& directory);
result<measurement> enqueue_only(const scenario& what,
                                 const std::string& directory);
result<measurement> bare_cycle(const scenario& what,
                               const std::string& directory);
result<measurement> fan_out(const scenario& what, const std::string& directory);
result<measurement> restart(const scenario& what, const std::string& directory);
result<measurement> catch_up(const scenario& what,
                             const std::string& directory);
result<measurement> churn(const scenario& what, const std::string& directory);
result<measurement> plan(const scenario& what, const std::string& directory);
result<measurement> isolation(const scenario& what,
                              const std::string& directory);

} // namespace jobq::bench
