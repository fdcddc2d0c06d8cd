#pragma once

#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "extensions/job_function.hpp"
#include "jobs/run.hpp"
#include "jobs/time.hpp"

namespace jobq {

/// What can be seen of the attempts that are running now: their log so far and
/// their progress. Thread-safe; knows nothing of actors. What an attempt wrote
/// is handed to the store when it ends.
class live_board {
public:
  /// A look at one running attempt.
  struct view {
    std::uint32_t attempt = 0;
    double fraction = 0;       ///< 0..1
    std::string message;       ///< of the latest progress
    std::string log;           ///< from the asked offset on
    std::uint64_t log_end = 0; ///< offset to ask from next time
    std::uint64_t version = 0; ///< grows with every change of the attempt
  };

  /// @param log_limit bytes of log kept, the note of `end` included; the oldest
  ///   lines give way
  void begin(const run& what, std::size_t log_limit);

  /// Adds a line: `2027-03-28T03:00:00.000Z info  text`. Unknown runs are
  /// ignored, here and below.
  void log(const run_id& id, time_point at, log_level level,
           std::string_view line);
  void progress(const run_id& id, double fraction, std::string_view message);

  /// Takes the attempt off the board.
  /// @returns its log, with a first line saying how much gave way, if any did;
  ///   never more than its limit
  std::string end(const run_id& id);

  /// @returns none when the run is not running here
  std::optional<view> look(const run_id& id, std::uint64_t log_from = 0) const;

  /// Blocks until the attempt's version differs from `seen`, it ended, or the
  /// time is up.
  void wait(const run_id& id, std::uint64_t seen, milliseconds at_most) const;

private:
  struct entry {
    std::uint32_t attempt = 0;
    double fraction = 0;
    std::string message;
    std::string log;
    std::uint64_t log_begin = 0; ///< bytes that gave way
    std::size_t room = 0;        ///< bytes of log kept
    std::uint64_t version = 1;
  };

  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  std::unordered_map<run_id, entry> entries_;
};

} // namespace jobq
