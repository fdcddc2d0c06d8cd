#pragma once

#include <memory>

#include "actors/engine.hpp"
#include "actors/live_board.hpp"
#include "actors/protocol.hpp"
#include "extensions/executor.hpp"

namespace jobq {

struct worker_parts {
  supervisor_actor supervisor;
  executor* functions = nullptr;
  std::shared_ptr<live_board> board;
  time_source now;
  logger log;
};

/// Spawns a worker for a claimed run, watched by `owner`. It begins the attempt
/// at once and reports its end, exactly once, to the supervisor.
/// @param log_limit bytes of log kept of the attempt
worker_actor spawn_worker(supervisor_actor::base& owner,
                          const std::shared_ptr<const worker_parts>& parts,
                          const run_ptr& what, std::size_t log_limit);

} // namespace jobq
