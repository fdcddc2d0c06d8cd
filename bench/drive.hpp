#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "jobs/error.hpp"
#include "queue/store.hpp"

namespace jobq::bench {

/// What `driver` is asked for: measures that other queues have as well, so that
/// they can be run side by side.
struct drive_options {
  std::string measure;
  std::uint64_t runs = 0;       ///< N
  std::chrono::seconds time{0}; ///< SECONDS
  bool via_socket = false;
  jobq::durability durability = jobq::durability::sync;
  std::filesystem::path directory; ///< a fresh directory is made in it
  std::filesystem::path server;    ///< jobqd, for the socket
};

/// The measures, in the order of the help.
const std::vector<std::string>& drive_measures();

/// @returns `invalid_argument` for what is not among the measures, an N or
///   SECONDS out of bounds, a server that can't be executed, and what does
///   not go together
result<void> check(const drive_options& options);

/// Carries out one measure on fresh data, which is gone afterwards. Ends within
/// a minute whatever is asked for, and soon after `interrupt`.
/// @param print takes each result as a line of JSON, `{"measure", "value",
///   "unit", "n", "note"}`; a failure too, with `null` for its value
/// @returns whether it could be measured
bool drive(const drive_options& options,
           const std::function<void(const std::string& line)>& print);

} // namespace jobq::bench
