#include "actors/keeper.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include <caf/actor_system.hpp>
#include <caf/send.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include "actors/default_handlers.hpp"

namespace jobq {
namespace {

/// Of what is claimed, and of the word that no more will be.
constexpr std::uint64_t claim_ticket = 0;
constexpr std::uint64_t end_ticket = 1;
/// Runs of one answer that are named in the log.
constexpr std::size_t most_told = 10;

struct keeper_state {
  using pointer = keeper_actor::stateful_pointer<keeper_state>;
  using promise = caf::typed_response_promise<reply_batch>;

  /// Commands that were handed in together.
  struct pending {
    promise to;
    std::vector<result<reply>> replies;
    std::size_t missing = 0;
  };

  /// Which reply of which batch a ticket stands for.
  struct slot {
    std::shared_ptr<pending> batch;
    std::size_t index = 0;
  };

  pointer self;
  keeper_parts parts;
  /// Commands that are not answered yet, by ticket.
  std::map<std::uint64_t, slot> slots;
  std::uint64_t last_ticket = end_ticket;
  enum class claiming { going_on, stopping, over };
  claiming claims = claiming::going_on;
  /// When the next waiting run is due, as far as told.
  std::optional<time_point> due;
  bool draining = false;
  bool halting = false;
  supervisor_actor supervisor;
  history_actor history;
  clock_actor clock;

  static inline const char* name = "keeper";

  explicit keeper_state(pointer ptr) : self{ptr} {}
  ~keeper_state();
  keeper_state(const keeper_state&) = delete;
  keeper_state& operator=(const keeper_state&) = delete;

  keeper_actor::behavior_type make_behavior();
  caf::result<reply_batch> commit(const command_batch& commands);
  void want(std::uint32_t runs);
  void collect();
  void tell_clock();
  void answer(commit_desk::answer& one);
  void log_unread(const std::vector<error>& runs);
  void claimed(result<reply>& value);
  void stop_claiming();
  void drain();
  void tell_drained();
  void halt();
  void quit_when_done();
};

// Without a keeper, nobody would start what is claimed.
keeper_state::~keeper_state() {
  if (parts.desk)
    stop_claiming();
}

caf::result<reply_batch> keeper_state::commit(const command_batch& commands) {
  auto batch = std::make_shared<pending>();
  batch->to = self->make_response_promise<reply_batch>();
  batch->missing = commands->size();
  batch->replies.resize(commands->size());
  if (commands->empty()) {
    batch->to.deliver(
        reply_batch{std::make_shared<const std::vector<result<reply>>>()});
    return batch->to;
  }
  for (std::size_t i = 0; i < commands->size(); ++i) {
    slots.emplace(++last_ticket, slot{batch, i});
    parts.desk->submit(std::move((*commands)[i]), last_ticket);
  }
  return batch->to;
}

void keeper_state::want(std::uint32_t runs) {
  if (claims == claiming::going_on)
    parts.desk->want(runs);
}

void keeper_state::collect() {
  auto delivery = parts.desk->collect();
  if (!delivery.completions.empty() && history)
    self->send(history, atom::publish_v,
               std::make_shared<const std::vector<completion>>(
                   std::move(delivery.completions)));
  for (auto& one : delivery.answers)
    answer(one);
  if (delivery.pulse) {
    due = delivery.pulse->next_due;
    tell_clock();
  }
  quit_when_done();
}

void keeper_state::tell_clock() {
  if (due && clock)
    self->send(clock, atom::wake_v, *due);
}

/// One bad block may hold hundreds.
void keeper_state::log_unread(const std::vector<error>& runs) {
  const auto told = std::min(runs.size(), most_told);
  for (std::size_t i = 0; i < told; ++i)
    parts.log(log_level::error, runs[i].message);
  if (runs.size() > told)
    parts.log(log_level::error, std::to_string(runs.size() - told)
                                    + " more runs can't be read, and are "
                                      "passed over for now");
}

void keeper_state::answer(commit_desk::answer& one) {
  if (one.value)
    log_unread(one.value->unread);
  if (one.ticket == claim_ticket) {
    claimed(one.value);
    return;
  }
  if (one.ticket == end_ticket) {
    claims = claiming::over;
    if (supervisor)
      self->send(supervisor, atom::over_v);
    tell_drained();
    return;
  }
  auto found = slots.find(one.ticket);
  if (found == slots.end())
    return;
  auto [batch, index] = std::move(found->second);
  slots.erase(found);
  if (!one.value && one.value.error().code == errc::store_failed && supervisor)
    self->send(supervisor, atom::give_up_v, one.value.error().message);
  batch->replies[index] = std::move(one.value);
  if (--batch->missing == 0)
    batch->to.deliver(
        reply_batch{std::make_shared<const std::vector<result<reply>>>(
            std::move(batch->replies))});
}

void keeper_state::claimed(result<reply>& value) {
  if (!value) {
    if (supervisor)
      self->send(supervisor, atom::give_up_v, value.error().message);
    return;
  }
  if (!value->runs.empty() && supervisor)
    self->send(
        supervisor, atom::start_v,
        std::make_shared<const std::vector<run_ptr>>(std::move(value->runs)));
}

void keeper_state::stop_claiming() {
  if (claims != claiming::going_on)
    return;
  claims = claiming::stopping;
  parts.desk->stop_claiming(end_ticket);
}

void keeper_state::drain() {
  draining = true;
  stop_claiming();
  tell_drained();
}

void keeper_state::tell_drained() {
  if (draining && claims == claiming::over && parts.drained)
    parts.drained();
}

void keeper_state::halt() {
  halting = true;
  stop_claiming();
  quit_when_done();
}

void keeper_state::quit_when_done() {
  if (!halting || claims != claiming::over || !slots.empty())
    return;
  parts.desk->on_delivery({});
  self->quit();
}

keeper_actor::behavior_type keeper_state::make_behavior() {
  set_default_handlers(self, parts.log, name);
  parts.desk->on_delivery([handle = keeper_actor{self}] {
    caf::anon_send(handle, atom::collect_v);
  });
  parts.desk->claim_for(parts.instance, parts.now, claim_ticket);
  return {[this](atom::commit, const command_batch& commands) {
            return commit(commands);
          },
          [this](atom::want, std::uint32_t runs) { want(runs); },
          [this](atom::collect) { collect(); },
          [this](atom::drain) { drain(); },
          [this](atom::meet, const supervisor_actor& who) { supervisor = who; },
          [this](atom::meet, const history_actor& who) { history = who; },
          [this](atom::meet, const clock_actor& who) {
            clock = who;
            tell_clock(); // it may follow one that knew
          },
          [this](atom::halt) { halt(); }};
}

keeper_actor::behavior_type run_keeper(keeper_state::pointer self,
                                       const keeper_parts& parts) {
  self->state.parts = parts;
  return self->state.make_behavior();
}

} // namespace

keeper_actor spawn_keeper(caf::actor_system& system, keeper_parts parts) {
  return system.spawn(run_keeper, std::move(parts));
}

} // namespace jobq
