#pragma once

#include <memory>

#include <caf/fwd.hpp>

#include "queue/committer.hpp"

namespace jobq {

/// Has the actor system of `config` run on threads of our own, as many as there
/// are processors but at least two. As CAF's work-sharing scheduler, with three
/// differences: nobody is woken while a lock is held that he needs; an actor's
/// message to another does not wake a thread when the actor's own takes it
/// next; and the clock is not told of every actor that ends, for CAF has it
/// look for timeouts to cancel, which actors that only send themselves delayed
/// messages do not have.
void use_actor_scheduler(caf::actor_system_config& config);

/// Has the thread of a committer run the actors that its callbacks send
/// something, and those that these send something in turn.
/// @param system runs on threads of ours; outlives what is returned
std::shared_ptr<follow_up> make_follow_up(caf::actor_system& system);

/// Whether this thread is running actors, or is about to: one that must not
/// wait for any.
bool runs_actors() noexcept;

} // namespace jobq
