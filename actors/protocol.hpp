#pragma once

#include <cstdint>

#include <caf/replies_to.hpp>
#include <caf/typed_actor.hpp>

#include "actors/atoms.hpp"

namespace jobq {

namespace detail {

template <class Signature>
struct rpc_of;

template <class... Args>
struct rpc_of<void(Args...)> {
  using type = caf::reacts_to<Args...>;
};

template <class R, class... Args>
struct rpc_of<R(Args...)> {
  using type = typename caf::replies_to<Args...>::template with<R>;
};

} // namespace detail

/// A message and what it is answered with; `void`: one way.
template <class Signature>
using rpc = typename detail::rpc_of<Signature>::type;

/// Lives as long as one attempt.
using worker_actor = caf::typed_actor<
    // The function has returned; from the executor.
    rpc<void(atom::end, outcome)>,
    // Ask the function to stop. Comes this way, and not straight to the
    // executor, because that knows the attempt only once it was started.
    rpc<void(atom::stop, stop_order)>,
    // The attempt was given up: end now, with this outcome.
    rpc<void(atom::give_up, outcome)>>;

/// Turns outcomes into durable completions and streams them.
using history_actor = caf::typed_actor<
    // Attempts ended: commit that, then tell the supervisor.
    rpc<void(atom::record, end_batch_ptr)>,
    // Runs became final: tell the subscribers.
    rpc<void(atom::publish, completion_batch)>,
    // Try again what could not be committed.
    rpc<void(atom::wake)>,
    // Commit what is pending, then end.
    rpc<void(atom::halt)>>;

/// Turns schedules into ticks.
using clock_actor = caf::typed_actor<
    // Look at the clock; sent to itself with a generation that may be stale.
    rpc<void(atom::wake, std::uint64_t)>,
    // A waiting run is due at this time.
    rpc<void(atom::wake, time_point)>,
    // The configuration changed.
    rpc<void(atom::reload, config_ptr)>,
    // Switch a job on or off.
    rpc<void(atom::toggle, switch_order)>,
    // No new ticks: finish the commit in flight, then end.
    rpc<void(atom::halt)>>;

/// Owns the slots: asks for runs, spawns, watches, stops.
using supervisor_actor = caf::typed_actor<
    // Claimed runs, at most as many as were wanted.
    rpc<void(atom::start, run_batch)>,
    // No more of them come.
    rpc<void(atom::over)>,
    // From a worker: its attempt ended. It quits right after.
    rpc<void(atom::end, attempt_end_ptr)>,
    // From history: the ends of this batch are durable.
    rpc<void(atom::recorded, std::uint64_t)>,
    // Places are free again; sent to itself.
    rpc<void(atom::want)>,
    // Ends are to be recorded; sent to itself.
    rpc<void(atom::record)>,
    // Stop a running attempt.
    rpc<void(atom::stop, stop_order)>,
    // A time limit may have passed.
    rpc<void(atom::wake)>,
    // The configuration changed.
    rpc<void(atom::reload, config_ptr)>,
    // Switch a job on or off.
    rpc<void(atom::toggle, switch_order)>,
    // The store takes nothing any more.
    rpc<void(atom::give_up, std::string)>,
    // No new ticks and claims; what runs goes on.
    rpc<void(atom::drain)>,
    // Stop everything in order, then end.
    rpc<void(atom::halt)>>;

} // namespace jobq

// Handles that travel in messages themselves.
CAF_BEGIN_TYPE_ID_BLOCK(jobq_handles, caf::id_block::jobq::end)

CAF_ADD_TYPE_ID(jobq_handles, (jobq::supervisor_actor))
CAF_ADD_TYPE_ID(jobq_handles, (jobq::history_actor))
CAF_ADD_TYPE_ID(jobq_handles, (jobq::clock_actor))

CAF_END_TYPE_ID_BLOCK(jobq_handles)

namespace jobq {

/// The store's voice: commits for the others, claims by demand.
using keeper_actor = caf::typed_actor<
    // Commit these; the answer comes when all of them have theirs.
    rpc<reply_batch(atom::commit, command_batch)>,
    // So many runs more are wanted.
    rpc<void(atom::want, std::uint32_t)>,
    // No more claims.
    rpc<void(atom::drain)>,
    // Something lies on the desk.
    rpc<void(atom::collect)>,
    // Whom to tell from now on.
    rpc<void(atom::meet, supervisor_actor)>,
    rpc<void(atom::meet, history_actor)>, rpc<void(atom::meet, clock_actor)>,
    // End once nothing is pending.
    rpc<void(atom::halt)>>;

} // namespace jobq
