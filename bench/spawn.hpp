#pragma once

#include <chrono>
#include <cstdint>

#include "bench/measurement.hpp"

namespace jobq::bench {

/// CPU time of all that descends from this process: of those that run, and of
/// those that have ended and were waited for.
std::chrono::nanoseconds descendants_cpu_time();

/// Starts /bin/true with posix_spawn so many times in each of `threads`
/// threads, one after the other, and waits for each end.
result<spawn_figures> spawn_programs(std::uint32_t threads,
                                     std::uint32_t times);

} // namespace jobq::bench
