#include "actors/history.hpp"

#include <utility>
#include <vector>

#include <caf/actor_system.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include "actors/default_handlers.hpp"

namespace jobq {
namespace {

struct history_state {
  using pointer = history_actor::stateful_pointer<history_state>;

  pointer self;
  history_parts parts;
  /// Ends that wait for the commit in flight to come back.
  std::vector<attempt_end> waiting;
  bool committing = false;
  bool halting = false;

  static inline const char* name = "history";

  explicit history_state(pointer ptr) : self{ptr} {}

  history_actor::behavior_type make_behavior();
  void record(const attempt_end& what);
  void commit();
  void committed(const std::vector<run_id>& ids, const reply_batch& replies);
  void quit_when_done();
};

void history_state::record(const attempt_end& what) {
  waiting.push_back(what);
  if (!committing)
    commit();
}

void history_state::commit() {
  committing = true;
  std::vector<any_command> commands;
  std::vector<run_id> ids;
  commands.reserve(waiting.size());
  ids.reserve(waiting.size());
  for (auto& one : std::exchange(waiting, {})) {
    ids.push_back(one.id);
    commands.emplace_back(
        command::finish{one.id, std::move(one.attempt), std::move(one.log)});
  }
  self->request(parts.keeper, caf::infinite, atom::commit_v,
                command_batch{std::make_shared<const std::vector<any_command>>(
                    std::move(commands))})
      .then(
          [this, ids](const reply_batch& replies) { committed(ids, replies); },
          [this](const caf::error&) {
            // The keeper is gone, and with it the engine: the supervisor, which
            // watches it too, ends us.
            committing = false;
            quit_when_done();
          });
}

void history_state::committed(const std::vector<run_id>& ids,
                              const reply_batch& replies) {
  auto done = std::make_shared<std::vector<run_id>>();
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const auto& one = (*replies)[i];
    // A refused end is one that was recorded before, or given up meanwhile.
    if (one || one.error().code == errc::invalid_state
        || one.error().code == errc::not_found)
      done->push_back(ids[i]);
    if (!one && parts.log)
      parts.log(log_level::warning,
                "end of run " + ids[i].to_string()
                    + " was not recorded: " + one.error().message);
  }
  committing = false;
  if (!done->empty())
    self->send(parts.supervisor, atom::recorded_v, id_batch{std::move(done)});
  if (!waiting.empty())
    commit();
  quit_when_done();
}

void history_state::quit_when_done() {
  if (halting && !committing && waiting.empty())
    self->quit();
}

history_actor::behavior_type history_state::make_behavior() {
  set_default_handlers(self, parts.log, name);
  // A predecessor may have died with completions in its mailbox.
  parts.feeds->lag();
  return {[this](atom::record, const attempt_end& what) { record(what); },
          [this](atom::publish, const completion_batch& fresh) {
            parts.feeds->offer(*fresh);
          },
          [this](atom::halt) {
            halting = true;
            quit_when_done();
          }};
}

history_actor::behavior_type run_history(history_state::pointer self,
                                         const history_parts& parts) {
  self->state.parts = parts;
  return self->state.make_behavior();
}

} // namespace

history_actor spawn_history(supervisor_actor::base& owner,
                            history_parts parts) {
  return owner.spawn<caf::monitored>(run_history, std::move(parts));
}

} // namespace jobq
