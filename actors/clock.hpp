#pragma once

#include "actors/engine.hpp"
#include "actors/protocol.hpp"

namespace jobq {

struct clock_parts {
  keeper_actor keeper;
  supervisor_actor supervisor;
  const store* reads = nullptr;
  config_ptr config;
  engine_options options;
  precondition why_not;
  time_source now;
  logger log;
};

/// Spawns the clock, watched by `owner`.
clock_actor spawn_clock(supervisor_actor::base& owner, clock_parts parts);

} // namespace jobq
