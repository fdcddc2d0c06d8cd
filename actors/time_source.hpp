#pragma once

#include <functional>

#include "jobs/time.hpp"

namespace jobq {

/// Where the wall clock is read: handed to the few who may, so that a test
/// can hand in its own.
using time_source = std::function<time_point()>;

/// The machine's clock.
time_source system_time();

} // namespace jobq
