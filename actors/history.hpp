#pragma once

#include <memory>

#include "actors/engine.hpp"
#include "actors/feed_hub.hpp"
#include "actors/protocol.hpp"

namespace jobq {

struct history_parts {
  keeper_actor keeper;
  supervisor_actor supervisor;
  std::shared_ptr<feed_hub> feeds;
  logger log;
};

/// Spawns the history actor, watched by `owner`.
history_actor spawn_history(supervisor_actor::base& owner, history_parts parts);

} // namespace jobq
