#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <caf/typed_event_based_actor.hpp>

#include "actors/commit_desk.hpp"
#include "actors/engine.hpp"
#include "actors/protocol.hpp"

namespace jobq {

struct keeper_parts {
  std::shared_ptr<commit_desk> desk;
  std::string instance; ///< the owner that claims name
  time_source now;
  logger log;
  /// Told, perhaps more than once, when it is draining and what it has claimed
  /// is all that it ever will. Empty: nobody is.
  std::function<void()> drained = {};
};

/// Spawns the keeper.
keeper_actor spawn_keeper(caf::actor_system& system, keeper_parts parts);

} // namespace jobq
