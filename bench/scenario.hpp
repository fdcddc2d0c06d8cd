#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "jobs/error.hpp"
#include "queue/prepared_log.hpp"
#include "queue/store.hpp"

namespace jobq::bench {

/// What is measured.
enum class measure {
  full_cycle, ///< enqueue, claim, worker, completion with history
  enqueue,    ///< durable enqueue alone
  bare_cycle, ///< as `full_cycle`, by the least that could do it
  fan_out,    ///< `depth` jobs due in the same second
  restart,    ///< ready for work after a kill -9 with `depth` available runs
  catch_up,   ///< a month of missed ticks of `depth` jobs, decided at the start
  churn,      ///< `count` runs come and go while `depth` others wait
  plan,       ///< `depth` missed ticks of one job, decided and planned
  isolation   ///< full cycles of a no-op function, in and out of job hosts
};

/// Where the no-op function of `isolation` runs.
enum class place {
  host,    ///< a library's function in a job host
  thread,  ///< a thread of this process
  command, ///< command.exec of /bin/true in a job host
  executor ///< as `host`, without the engine around it
};

/// A measure and its knobs, written as
/// `full_cycle/outstanding:64/payload:100/durability:sync/producers:1/depth:0`.
/// What a name leaves out has its default.
struct scenario {
  measure what = measure::full_cycle;
  std::uint32_t outstanding = 1; ///< runs on their way at a time
  std::uint32_t payload = 100;   ///< bytes of parameters
  jobq::durability durability = jobq::durability::sync;
  std::uint32_t producers = 1;
  place where = place::host;
  std::uint32_t hosts = 2;   ///< or threads, and spawning threads
  std::uint32_t workers = 0; ///< of the engine; 0: as many as hosts
  std::uint32_t readers = 0; ///< threads that list all waiting runs meanwhile
  /// How the raw floor writes its logs: as RocksDB does by itself, or as the
  /// engine on ext4 and XFS.
  log_files floor = log_files::plain;
  std::uint64_t depth = 0; ///< runs that wait before the measurement begins
  std::uint64_t count = 0; ///< runs to measure; 0: as fit into a few seconds

  /// The full name, with every knob that the measure knows.
  std::string name() const;

  /// @returns `invalid_argument` with what is wrong and what is known
  static result<scenario> parse(std::string_view name);
};

/// The scenarios of `load --list`: those that bench/README.md has figures of.
std::vector<scenario> all_scenarios();

} // namespace jobq::bench
