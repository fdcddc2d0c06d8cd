#include "actors/history.hpp"

#include <utility>
#include <vector>

#include <caf/actor_system.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include "actors/default_handlers.hpp"

namespace jobq {
namespace {

constexpr std::chrono::seconds retry_after{1};
/// So many commits may be under way; what ends meanwhile goes into the next.
constexpr std::size_t most_commits = 4;

/// A refused end is one that was recorded before, or given up meanwhile.
bool is_settled(const result<reply>& came) {
  return came || came.error().code == errc::invalid_state
         || came.error().code == errc::not_found;
}

struct history_state {
  using pointer = history_actor::stateful_pointer<history_state>;

  pointer self;
  history_parts parts;
  /// Ends that wait for a commit to come back.
  std::vector<attempt_end_ptr> waiting;
  std::size_t commits = 0; ///< under way
  bool halting = false;

  static inline const char* name = "history";

  explicit history_state(pointer ptr) : self{ptr} {}

  history_actor::behavior_type make_behavior();
  void record(const end_batch& ends);
  void commit();
  void committed(std::vector<attempt_end_ptr>& ends,
                 const std::vector<result<reply>>& replies);
  void quit_when_done();
};

void history_state::record(const end_batch& ends) {
  waiting.insert(waiting.end(), ends->begin(), ends->end());
  if (commits < most_commits)
    commit();
}

void history_state::commit() {
  ++commits;
  auto ends = std::exchange(waiting, {});
  std::vector<any_command> commands;
  commands.reserve(ends.size());
  for (const auto& one : ends)
    commands.emplace_back(command::finish{one->id, one->attempt, one->log});
  self->request(parts.keeper, caf::infinite, atom::commit_v,
                command_batch{std::make_shared<std::vector<any_command>>(
                    std::move(commands))})
      .then(
          [this, ends = std::move(ends)](const reply_batch& replies) mutable {
            --commits;
            committed(ends, *replies);
          },
          [this](const caf::error&) {
            // The keeper is gone, and with it the engine: the supervisor, which
            // watches it too, ends us.
            --commits;
            quit_when_done();
          });
}

void history_state::committed(std::vector<attempt_end_ptr>& ends,
                              const std::vector<result<reply>>& replies) {
  auto done = std::make_shared<std::vector<run_id>>();
  auto refused = false;
  for (std::size_t i = 0; i < ends.size(); ++i) {
    if (!replies[i])
      parts.log(log_level::warning, "end of run " + ends[i]->id.to_string()
                                        + ": " + replies[i].error().message);
    if (is_settled(replies[i])) {
      done->push_back(ends[i]->id);
    } else if (replies[i].error().code != errc::store_failed) {
      refused = true;
      waiting.push_back(std::move(ends[i]));
    }
  }
  if (!done->empty())
    self->send(parts.supervisor, atom::recorded_v, id_batch{std::move(done)});
  if (refused)
    self->delayed_send(self, retry_after, atom::wake_v);
  else if (!waiting.empty())
    commit();
  quit_when_done();
}

void history_state::quit_when_done() {
  if (halting && commits == 0 && waiting.empty())
    self->quit();
}

history_actor::behavior_type history_state::make_behavior() {
  set_default_handlers(self, parts.log, name);
  // A predecessor may have died with completions in its mailbox.
  parts.feeds->lag();
  return {[this](atom::record, const end_batch& ends) { record(ends); },
          [this](atom::publish, const completion_batch& fresh) {
            parts.feeds->offer(*fresh);
          },
          [this](atom::wake) {
            if (commits < most_commits && !waiting.empty())
              commit();
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
