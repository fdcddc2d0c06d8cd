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

/// So much goes into one command: what else waits can go in between.
constexpr std::size_t most_ends = 512;
constexpr std::size_t most_log_bytes = 256 << 10;

/// One that is refused like this was recorded before, or given up meanwhile.
bool is_settled(const error& why) {
  return why.code == errc::invalid_state || why.code == errc::not_found;
}

/// Batches of ends that go into one commit, and the commands for it.
struct recording {
  std::vector<end_batch> batches;
  std::vector<any_command> commands;
  std::vector<std::size_t> sizes; ///< how many ends each command has

  explicit recording(std::vector<end_batch> what) : batches{std::move(what)} {
    command::finish piece;
    std::size_t log_bytes = 0;
    const auto close = [&] {
      sizes.push_back(piece.ends.size());
      commands.emplace_back(std::exchange(piece, {}));
      log_bytes = 0;
    };
    for (const auto& batch : batches)
      for (const auto& one : batch.ends) {
        piece.ends.push_back(one);
        log_bytes += one->log.size();
        if (piece.ends.size() >= most_ends || log_bytes >= most_log_bytes)
          close();
      }
    if (!piece.ends.empty())
      close();
  }

  /// For each end, in order, why it was refused; null: it was not.
  std::vector<const error*>
  refusals(const std::vector<result<reply>>& replies) const {
    std::vector<const error*> why;
    for (std::size_t i = 0; i < sizes.size(); ++i) {
      const auto begin = why.size();
      why.resize(begin + sizes[i], replies[i] ? nullptr : &replies[i].error());
      if (replies[i])
        for (const auto& one : replies[i]->refused)
          why[begin + one.index] = &one.why;
    }
    return why;
  }
};

struct history_state {
  using pointer = history_actor::stateful_pointer<history_state>;

  pointer self;
  history_parts parts;
  /// Ends that wait for a commit to come back.
  std::vector<end_batch> waiting;
  std::size_t commits = 0; ///< under way
  bool halting = false;

  static inline const char* name = "history";

  explicit history_state(pointer ptr) : self{ptr} {}

  history_actor::behavior_type make_behavior();
  void record(const end_batch_ptr& batch);
  void commit();
  void committed(recording& what, const std::vector<result<reply>>& replies);
  void quit_when_done();
};

void history_state::record(const end_batch_ptr& batch) {
  waiting.push_back(*batch);
  if (commits < most_commits)
    commit();
}

void history_state::commit() {
  ++commits;
  recording what{std::exchange(waiting, {})};
  auto commands
      = std::make_shared<std::vector<any_command>>(std::move(what.commands));
  self->request(parts.keeper, caf::infinite, atom::commit_v,
                command_batch{std::move(commands)})
      .then(
          [this, what = std::move(what)](const reply_batch& replies) mutable {
            --commits;
            committed(what, *replies);
          },
          [this](const caf::error&) {
            // The keeper is gone, and with it the engine: the supervisor, which
            // watches it too, ends us.
            --commits;
            quit_when_done();
          });
}

void history_state::committed(recording& what,
                              const std::vector<result<reply>>& replies) {
  const auto why = what.refusals(replies);
  auto refused = why.begin();
  bool any_left = false;
  for (auto& batch : what.batches) {
    std::vector<attempt_end_ptr> left;
    bool store_failed = false;
    for (auto& one : batch.ends) {
      const auto* const reason = *refused++;
      if (reason == nullptr)
        continue;
      parts.log(log_level::warning,
                "end of run " + one->id.to_string() + ": " + reason->message);
      if (reason->code == errc::store_failed)
        store_failed = true;
      else if (!is_settled(*reason))
        left.push_back(std::move(one));
    }
    if (!left.empty()) {
      any_left = true;
      waiting.push_back({batch.number, std::move(left)});
    } else if (!store_failed) {
      self->send(parts.supervisor, atom::recorded_v, batch.number);
    }
  }
  if (any_left)
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
  return {[this](atom::record, const end_batch_ptr& batch) { record(batch); },
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
