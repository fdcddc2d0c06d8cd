#pragma once

#include <cstdint>

#include "jobs/policy.hpp"
#include "jobs/run_id.hpp"
#include "jobs/time.hpp"

namespace jobq {

/// How long to wait after the `failures`-th failure (from 1):
///
/// | type | wait |
/// | --- | --- |
/// | fixed | base |
/// | linear | base * failures |
/// | exponential | base * factor ^ (failures - 1) |
/// | polynomial | base * failures ^ factor |
///
/// at most `max`, then spread by up to `jitter` of it to either side, the same
/// for the same run and failure.
milliseconds next_retry(const backoff& policy, std::uint32_t failures,
                        const run_id& id);

/// A number in [0, 1) that depends on nothing but the arguments.
double spread_of(const run_id& id, std::uint32_t salt);

} // namespace jobq
