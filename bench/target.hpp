#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "bench/bounds.hpp"
#include "bench/measurement.hpp"
#include "jobs/error.hpp"
#include "queue/store.hpp"

namespace jobq::bench {

/// How a producer hands in its runs.
struct producing {
  std::uint32_t in_flight = 1; ///< requests that wait for their answer
  std::uint32_t batch = 1;     ///< runs in each
};

/// What was reached within the bounds.
struct progress {
  std::uint64_t runs = 0;
  std::chrono::nanoseconds took{};
};

/// A queue on fresh data, as `driver` measures it. One call at a time.
class target {
public:
  virtual ~target() = default;

  /// Enqueues runs while none is executed. Counts those that were acknowledged.
  virtual result<progress> enqueue(const producing& how, const bounds& until)
      = 0;

  /// Executes the runs that wait, from the moment of the first claim until the
  /// end of the last one is durable. Once, as the last call.
  virtual result<progress> execute(const bounds& until) = 0;

  /// One run at a time on an idle engine: from the call that enqueues to the
  /// begin of its function. The first call.
  virtual result<latencies> start_latencies(const bounds& until) = 0;

  /// Memory of the process that holds the queue.
  virtual std::uint64_t resident() const = 0;

  /// What a reader of the figures has to know: of all, and of those for which
  /// runs are executed.
  virtual std::string note() const = 0;
  virtual std::string execution() const = 0;
};

struct target_options {
  std::filesystem::path directory; ///< exists, is empty
  jobq::durability durability = jobq::durability::sync;
  std::filesystem::path server; ///< the program jobqd
};

/// The engine in this process.
result<std::unique_ptr<target>> open_inprocess(const target_options& options);

/// A server of its own; this process is its client.
result<std::unique_ptr<target>> open_socket(const target_options& options);

} // namespace jobq::bench
