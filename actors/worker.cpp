#include "actors/worker.hpp"

#include <optional>
#include <utility>

#include <caf/actor_system.hpp>
#include <caf/send.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include "actors/default_handlers.hpp"

namespace jobq {
namespace {

struct worker_state;

/// Who is starting its function on this thread. An end that is told meanwhile
/// needs no message.
thread_local const worker_state* starting = nullptr;

struct worker_state {
  using pointer = worker_actor::stateful_pointer<worker_state>;

  pointer self;
  std::shared_ptr<const worker_parts> parts;
  run_id id;
  attempt end;
  /// What the function came to before its start returned.
  std::optional<outcome> at_once;

  static inline const char* name = "worker";

  explicit worker_state(pointer ptr) : self{ptr} {}

  worker_actor::behavior_type make_behavior(const run& what,
                                            std::size_t log_limit);
  void start(const run& what);
  attempt_observer observer(const run& what);
  void finish(outcome result);
};

attempt_observer worker_state::observer(const run& what) {
  attempt_observer eyes;
  eyes.log
      = [parts = parts, run = what.id](log_level level, std::string_view line) {
          parts->board->log(run, parts->now(), level, line);
        };
  eyes.progress = [parts = parts, run = what.id](double fraction,
                                                 std::string_view message) {
    parts->board->progress(run, fraction, message);
  };
  eyes.done = [this, handle = worker_actor{self}](outcome result) {
    if (starting == this)
      at_once = std::move(result);
    else
      caf::anon_send(handle, atom::end_v, std::move(result));
  };
  return eyes;
}

void worker_state::start(const run& what) {
  struct guard {
    explicit guard(worker_state* who) { starting = who; }
    ~guard() { starting = nullptr; }
  } const mine{this};
  parts->functions->start(what, observer(what));
}

void worker_state::finish(outcome result) {
  end.finished_at = parts->now();
  end.outcome = std::move(result);
  self->send(parts->supervisor, atom::end_v,
             std::make_shared<const attempt_end>(
                 attempt_end{id, std::move(end), parts->board->end(id)}));
  self->quit();
}

worker_actor::behavior_type worker_state::make_behavior(const run& what,
                                                        std::size_t log_limit) {
  set_default_handlers(self, parts->log, name);
  id = what.id;
  end.number = what.attempt;
  end.started_at = what.started_at.value_or(parts->now());
  parts->board->begin(what, log_limit);
  start(what);
  if (at_once) {
    finish(std::move(*at_once));
    return worker_actor::behavior_type::make_empty_behavior();
  }
  return {[this](atom::end, const outcome& result) { finish(result); },
          [this](atom::stop, const stop_order& order) {
            parts->functions->stop(id, order.why);
          },
          [this](atom::give_up, const outcome& result) { finish(result); }};
}

worker_actor::behavior_type
run_worker(worker_state::pointer self,
           const std::shared_ptr<const worker_parts>& parts,
           const run_ptr& what, std::size_t log_limit) {
  self->state.parts = parts;
  return self->state.make_behavior(*what, log_limit);
}

} // namespace

worker_actor spawn_worker(supervisor_actor::base& owner,
                          const std::shared_ptr<const worker_parts>& parts,
                          const run_ptr& what, std::size_t log_limit) {
  return owner.spawn<caf::monitored>(run_worker, parts, what, log_limit);
}

} // namespace jobq
