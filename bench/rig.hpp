#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "actors/engine.hpp"
#include "bench/measurement.hpp"
#include "extensions/executor.hpp"
#include "queue/committer.hpp"
#include "queue/rocksdb_store.hpp"
#include "queue/store.hpp"

namespace jobq::bench {

using steady = std::chrono::steady_clock;

/// A directory of its own that goes with the measurement.
class scratch {
public:
  /// @param where created when absent
  explicit scratch(const std::filesystem::path& where);
  ~scratch();
  scratch(const scratch&) = delete;
  scratch& operator=(const scratch&) = delete;
  const std::filesystem::path& path() const { return path_; }

private:
  std::filesystem::path path_;
};

/// A commit as RocksDB got it: what the raw floor writes again.
struct written_batch {
  std::string bytes;
  bool synced = false;
};

/// A run of the no-op function, numbered: its id ends with the number.
run numbered_run(std::uint64_t number, std::uint32_t payload);
std::uint64_t number_of(const run_id& id);

/// The functions of the measurements: each run ends at once with success, on
/// the thread of its worker actor.
class no_op_executor final : public executor {
public:
  void start(const run& what, attempt_observer observer) override;
  void stop(const run_id&, stop_reason) override {}

  /// When set, start times in ticks of the steady clock, by number.
  std::vector<std::int64_t>* started = nullptr;
};

struct rig_options {
  std::filesystem::path directory;
  jobq::durability durability = jobq::durability::sync;
  std::uint32_t workers = 1'024;
  bool capture = true; ///< keep what is written, for the floor
  /// Where functions run instead of in a no_op_executor; outlives the rig.
  executor* functions = nullptr;
};

/// A store and its committer, and the whole engine above them.
class rig {
public:
  static result<std::unique_ptr<rig>> open(const rig_options& options);
  ~rig();

  /// Puts so many runs into the store, beside any measurement.
  /// @param before how many it put there earlier
  result<void> fill(std::uint64_t runs, std::uint32_t payload,
                    std::uint64_t before = 0);

  /// Starts the engine.
  /// @param config may be empty
  result<void> start(const configuration& config, bool ticks);

  no_op_executor functions;
  std::mutex mutex; ///< of what follows, until the engine has stopped
  std::vector<written_batch> written;
  std::size_t syncing = 0; ///< so many were there when the sync began
  bool capturing = false;
  std::unique_ptr<jobq::store> store;
  std::unique_ptr<commit_queue> commits;
  std::unique_ptr<jobq::engine> engine;
  rig_options options;
};

/// Writes the same batches with the same syncs to an empty RocksDB of the same
/// settings, and nothing else.
/// @param logs how its logs are written
result<floor_figures> write_again(const std::vector<written_batch>& batches,
                                  const std::filesystem::path& directory,
                                  log_files logs);

/// Waits until this process is at rest: what it has written is compacted.
void settle();

/// CPU time of this process so far, all threads.
std::chrono::nanoseconds cpu_time();

/// Resident memory of a process.
/// @param process its number; 0 if it is not there any more
std::uint64_t resident_bytes(const std::string& process = "self");

} // namespace jobq::bench
