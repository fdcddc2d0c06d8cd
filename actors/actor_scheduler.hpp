#pragma once

#include <caf/actor_system_config.hpp>

namespace jobq {

/// Has the actor system of `config` run on CAF's work-sharing scheduler, but
/// with a clock that is not told of every actor that ends: CAF has it look for
/// timeouts to cancel, which wakes a thread once for each run, and actors that
/// only send themselves delayed messages have none.
void use_actor_scheduler(caf::actor_system_config& config);

} // namespace jobq
