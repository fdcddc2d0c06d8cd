#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "actors/engine.hpp"
#include "actors/feed_hub.hpp"
#include "actors/live_board.hpp"
#include "actors/protocol.hpp"

namespace jobq {

/// What the supervisor lets others see. Thread-safe.
struct supervisor_view {
  std::atomic<std::uint32_t> running{0};
  std::atomic<std::uint32_t> restarts{0};

  /// Says why the engine gave up; the first reason stays.
  /// @returns whether it was the first
  bool fail(std::string why);
  std::string failure() const;

private:
  mutable std::mutex mutex_;
  std::string failure_;
};

struct supervisor_parts {
  keeper_actor keeper;
  const store* reads = nullptr;
  executor* functions = nullptr;
  std::shared_ptr<live_board> board;
  std::shared_ptr<feed_hub> feeds;
  std::shared_ptr<supervisor_view> view;
  std::function<void(std::string)> on_failure;
  config_ptr config;
  engine_options options;
  precondition why_not;
  time_source now;
  logger log;
};

/// Spawns the supervisor, which spawns history and clock.
supervisor_actor spawn_supervisor(caf::actor_system& system,
                                  supervisor_parts parts);

} // namespace jobq
