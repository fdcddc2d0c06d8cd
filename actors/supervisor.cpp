#include "actors/supervisor.hpp"

#include <algorithm>
#include <deque>
#include <map>
#include <optional>
#include <unordered_map>
#include <utility>

#include <caf/actor_system.hpp>
#include <caf/send.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include "actors/clock.hpp"
#include "actors/default_handlers.hpp"
#include "actors/history.hpp"
#include "actors/worker.hpp"

namespace jobq {
namespace {

using steady = caf::actor_clock::time_point;

/// Ends that history has not recorded yet; beyond it no run is claimed.
constexpr std::size_t unrecorded_limit = 10'000;
/// Orders to stop runs whose start has not arrived yet.
constexpr std::size_t early_stop_limit = 1'000;
/// So many deaths of clock and history within the period are survived.
constexpr std::size_t restart_limit = 5;
constexpr std::chrono::seconds restart_period{60};

outcome given_up(stop_reason why) {
  outcome result;
  switch (why) {
  case stop_reason::cancel:
  case stop_reason::terminate:
    result.kind = outcome_kind::cancelled;
    break;
  case stop_reason::timeout:
    result.kind = outcome_kind::timed_out;
    break;
  case stop_reason::shutdown:
    result.kind = outcome_kind::interrupted;
    break;
  }
  result.error = "the function did not stop when it was asked to; its thread "
                 "was abandoned";
  return result;
}

/// The first reason for which the engine gives up is told, once.
void tell_failure(const supervisor_parts& parts, const std::string& why) {
  if (!parts.view->fail(why))
    return;
  parts.log(log_level::error, "the engine gives up: " + why);
  if (parts.on_failure)
    parts.on_failure(why);
}

struct supervisor_state {
  using pointer = supervisor_actor::stateful_pointer<supervisor_state>;

  /// One attempt that is being executed.
  struct slot {
    run_ptr what;
    worker_actor worker;
    std::optional<steady> deadline; ///< of its timeout, or of obeying
    std::optional<stop_reason> stopping;
    bool ended = false; ///< its end has arrived, its worker is quitting
  };

  pointer self;
  supervisor_parts parts;
  std::shared_ptr<const worker_parts> for_workers;
  /// By worker. A run may have two: the first one's worker is quitting.
  std::unordered_map<caf::actor_id, slot> slots;
  /// Ends on their way through history; sent again when it is restarted.
  std::map<std::uint64_t, end_batch_ptr> unrecorded;
  std::uint64_t last_batch = 0;
  /// Ends that history has not been told of: told together, behind those that
  /// are in the mailbox already.
  std::vector<attempt_end_ptr> unsent;
  /// In both.
  std::size_t unrecorded_ends = 0;
  /// Orders for attempts that have not come yet.
  struct early_stop {
    std::uint32_t attempt = 0;
    stop_reason why = stop_reason::cancel;
  };
  std::unordered_map<run_id, early_stop> early_stops;
  /// Runs asked of the keeper that have not come yet.
  std::int64_t asked = 0;
  /// Bytes of log kept, of the jobs for which that is not what is usual.
  std::unordered_map<std::string, std::size_t> log_limits;
  bool asking = false; ///< `ask` is on its way through the mailbox
  bool draining = false;
  bool halting = false;
  bool claims_over = false; ///< nothing will be started any more
  std::optional<steady> halt_deadline;
  history_actor history;
  clock_actor clock;
  std::deque<steady> restarts;
  /// When the next wake-up comes. Wake-ups can't be called back, so a later
  /// deadline waits for the one that is under way.
  std::optional<steady> wake_at;

  static inline const char* name = "supervisor";

  explicit supervisor_state(pointer ptr) : self{ptr} {}
  ~supervisor_state();
  supervisor_state(const supervisor_state&) = delete;
  supervisor_state& operator=(const supervisor_state&) = delete;

  supervisor_actor::behavior_type make_behavior();
  void set_up();
  void take_over(const config_ptr& config);
  std::size_t log_limit_of(const std::string& job) const;
  void begin_history();
  void begin_clock();
  void ask();
  void ask_soon();
  void start(const run_batch& batch);
  const slot& start_one(const run_ptr& what);
  void ended(const attempt_end_ptr& what);
  void record(attempt_end_ptr what);
  void send_ends();
  void recorded(std::uint64_t batch);
  void stop(const stop_order& order);
  void forget_stop(const run_id& id, std::uint32_t attempt);
  void stop_slot(slot& one, stop_reason why);
  void down(const caf::down_msg& message);
  void worker_down(slot& one, const caf::error& reason);
  bool may_restart(const char* who);
  void fail(const std::string& why);
  void look_at_time();
  void arm();
  void wake_by(steady when);
  void drain();
  void halt();
  void halt_step();
  steady time() const { return self->clock().now(); }
};

// Nobody works on without a supervisor. One that ends in order is the last.
supervisor_state::~supervisor_state() {
  constexpr auto why = caf::exit_reason::kill;
  if (clock)
    caf::anon_send_exit(clock, why);
  if (history)
    caf::anon_send_exit(history, why);
  for (const auto& [_, one] : slots)
    caf::anon_send_exit(one.worker, why);
  if (parts.keeper)
    caf::anon_send_exit(parts.keeper, why);
}

void supervisor_state::set_up() {
  for_workers = std::make_shared<const worker_parts>(
      worker_parts{supervisor_actor{self}, parts.functions, parts.board,
                   parts.now, parts.log});
  take_over(parts.config);
  self->send(parts.keeper, atom::meet_v, supervisor_actor{self});
  self->monitor(parts.keeper);
  begin_history();
  begin_clock();
  ask();
}

void supervisor_state::take_over(const config_ptr& config) {
  parts.config = config;
  log_limits.clear();
  for (const auto& job : config->jobs)
    if (job.limits.output != resource_limits{}.output)
      log_limits.emplace(job.name, job.limits.output);
}

std::size_t supervisor_state::log_limit_of(const std::string& job) const {
  const auto found = log_limits.find(job);
  return found == log_limits.end() ? resource_limits{}.output : found->second;
}

void supervisor_state::begin_history() {
  history = spawn_history(
      *self, {parts.keeper, supervisor_actor{self}, parts.feeds, parts.log});
  self->send(parts.keeper, atom::meet_v, history);
  for (const auto& [_, batch] : unrecorded)
    self->send(history, atom::record_v, batch);
  send_ends();
}

void supervisor_state::begin_clock() {
  clock = spawn_clock(*self, {parts.keeper, supervisor_actor{self}, parts.reads,
                              parts.config, parts.options, parts.why_not,
                              parts.now, parts.log});
  self->send(parts.keeper, atom::meet_v, clock);
}

void supervisor_state::ask() {
  if (draining || halting || unrecorded_ends >= unrecorded_limit)
    return;
  auto free = static_cast<std::int64_t>(parts.config->workers) - asked
              - static_cast<std::int64_t>(slots.size());
  if (free <= 0)
    return;
  asked += free;
  self->send(parts.keeper, atom::want_v, static_cast<std::uint32_t>(free));
}

// Behind the deaths that are in the mailbox already: one question for all of
// the places that they leave.
void supervisor_state::ask_soon() {
  if (std::exchange(asking, true))
    return;
  self->send(self, atom::want_v);
}

void supervisor_state::start(const run_batch& batch) {
  asked -= static_cast<std::int64_t>(batch->size());
  std::optional<steady> first;
  for (const auto& what : *batch) {
    const auto& one = start_one(what);
    if (one.deadline && (!first || *one.deadline < *first))
      first = one.deadline;
  }
  parts.view->running = static_cast<std::uint32_t>(slots.size());
  if (first)
    wake_by(*first);
}

const supervisor_state::slot& supervisor_state::start_one(const run_ptr& what) {
  auto worker = spawn_worker(*self, for_workers, what, log_limit_of(what->job));
  auto& one = slots[worker.id()];
  one.what = what;
  if (what->timeout)
    one.deadline = time() + *what->timeout;
  one.worker = std::move(worker);
  auto early = early_stops.find(what->id);
  if (early != early_stops.end() && early->second.attempt == what->attempt) {
    stop_slot(one, early->second.why);
    early_stops.erase(early);
  } else if (halting) {
    // Claimed before the keeper heard of the halt.
    stop_slot(one, stop_reason::shutdown);
  }
  return one;
}

void supervisor_state::ended(const attempt_end_ptr& what) {
  const auto& worker = self->current_sender();
  auto found = worker ? slots.find(worker->id()) : slots.end();
  if (found == slots.end() || found->second.ended)
    return;
  found->second.ended = true;
  record(what);
}

void supervisor_state::record(attempt_end_ptr what) {
  ++unrecorded_ends;
  unsent.push_back(std::move(what));
  if (unsent.size() == 1)
    self->send(self, atom::record_v);
}

void supervisor_state::send_ends() {
  if (unsent.empty() || !history)
    return;
  auto batch = std::make_shared<const end_batch>(
      end_batch{++last_batch, std::exchange(unsent, {})});
  unrecorded.emplace(batch->number, batch);
  self->send(history, atom::record_v, std::move(batch));
}

void supervisor_state::recorded(std::uint64_t batch) {
  auto found = unrecorded.find(batch);
  if (found == unrecorded.end())
    return; // by both histories: the first one died after its commit
  unrecorded_ends -= found->second->ends.size();
  for (const auto& one : found->second->ends)
    forget_stop(one->id, one->attempt.number);
  unrecorded.erase(found);
  ask();
  halt_step();
}

void supervisor_state::stop(const stop_order& order) {
  const auto& [id, attempt] = order.which;
  for (auto& [_, one] : slots)
    if (one.what->id == id && one.what->attempt == attempt) {
      stop_slot(one, order.why); // but not one whose attempt has ended
      return;
    }
  if (early_stops.size() < early_stop_limit)
    early_stops[id] = {attempt, order.why};
}

/// An order that crossed the end of its attempt.
void supervisor_state::forget_stop(const run_id& id, std::uint32_t attempt) {
  const auto found = early_stops.find(id);
  if (found != early_stops.end() && found->second.attempt <= attempt)
    early_stops.erase(found);
}

void supervisor_state::stop_slot(slot& one, stop_reason why) {
  if (one.ended || one.stopping)
    return;
  one.stopping = why;
  one.deadline = time() + parts.options.obey_grace;
  wake_by(*one.deadline);
  self->send(one.worker, atom::stop_v,
             stop_order{{one.what->id, one.what->attempt}, why});
}

void supervisor_state::down(const caf::down_msg& message) {
  if (message.source == parts.keeper.address()) {
    if (!halting)
      fail("the keeper died: " + self->system().render(message.reason));
    self->quit();
  } else if (history && message.source == history.address()) {
    history = nullptr;
    if (halting)
      halt_step();
    else if (may_restart("history"))
      begin_history();
  } else if (clock && message.source == clock.address()) {
    clock = nullptr;
    if (halting || draining)
      halt_step();
    else if (may_restart("clock"))
      begin_clock();
  } else if (auto found = slots.find(message.source.id());
             found != slots.end()) {
    worker_down(found->second, message.reason);
    slots.erase(found);
    parts.view->running = static_cast<std::uint32_t>(slots.size());
    ask_soon();
    halt_step();
  }
}

void supervisor_state::worker_down(slot& one, const caf::error& reason) {
  if (!one.ended) {
    const auto& what = *one.what;
    attempt_end end;
    end.id = what.id;
    end.attempt.number = what.attempt;
    end.attempt.started_at = what.started_at.value_or(parts.now());
    end.attempt.finished_at = parts.now();
    end.attempt.outcome.kind = outcome_kind::crashed;
    end.attempt.outcome.error
        = "the worker died"
          + (reason ? ": " + self->system().render(reason) : std::string{});
    end.log = parts.board->end(what.id);
    record(std::make_shared<const attempt_end>(std::move(end)));
  }
}

bool supervisor_state::may_restart(const char* who) {
  auto now = time();
  while (!restarts.empty() && restarts.front() + restart_period < now)
    restarts.pop_front();
  restarts.push_back(now);
  if (restarts.size() > restart_limit) {
    fail(std::string{who} + " and its like died "
         + std::to_string(restarts.size()) + " times within a minute");
    return false;
  }
  ++parts.view->restarts;
  parts.log(log_level::warning, std::string{who} + " is restarted");
  return true;
}

void supervisor_state::fail(const std::string& why) {
  drain();
  tell_failure(parts, why);
}

void supervisor_state::look_at_time() {
  auto now = time();
  if (wake_at && *wake_at <= now)
    wake_at.reset();
  for (auto& [id, one] : slots) {
    if (one.ended || !one.deadline || *one.deadline > now)
      continue;
    if (one.stopping) {
      one.deadline.reset();
      self->send(one.worker, atom::give_up_v, given_up(*one.stopping));
    } else {
      stop_slot(one, stop_reason::timeout);
    }
  }
  if (halt_deadline && *halt_deadline <= now) {
    halt_deadline.reset();
    for (auto& [_, one] : slots)
      stop_slot(one, stop_reason::shutdown);
  }
  arm();
}

void supervisor_state::arm() {
  auto next = halt_deadline;
  for (const auto& [_, one] : slots)
    if (one.deadline && !one.ended && (!next || *one.deadline < *next))
      next = one.deadline;
  if (next)
    wake_by(*next);
}

void supervisor_state::wake_by(steady when) {
  if (wake_at && *wake_at <= when)
    return;
  wake_at = when;
  auto wait = std::max(when - time(), steady::duration::zero());
  self->delayed_send(self, std::chrono::ceil<milliseconds>(wait), atom::wake_v);
}

void supervisor_state::drain() {
  if (draining)
    return;
  draining = true;
  self->send(parts.keeper, atom::drain_v);
  if (clock)
    self->send(clock, atom::halt_v);
}

// The order, and why: no new ticks first, or they would be claimed; no new
// claims second, or stopping would have no end; then the attempts get their
// time and are told to stop; what they came to is recorded; history ends after
// the last record, and the keeper, which carries it, last of all.
void supervisor_state::halt() {
  if (halting)
    return;
  drain();
  halting = true;
  if (!slots.empty()) {
    halt_deadline = time() + parts.options.stop_grace;
    wake_by(*halt_deadline);
  }
  halt_step();
}

void supervisor_state::halt_step() {
  if (!halting || clock || !claims_over || !slots.empty())
    return;
  auto store_failed = !parts.view->failure().empty();
  if (unrecorded_ends > 0 && !store_failed && history)
    return;
  send_ends(); // ahead of its end
  if (history)
    self->send(history, atom::halt_v);
  else
    self->send(parts.keeper, atom::halt_v);
}

supervisor_actor::behavior_type supervisor_state::make_behavior() {
  set_default_handlers(self, parts.log, name);
  self->set_down_handler([this](caf::down_msg& message) { down(message); });
  set_up();
  return {[this](atom::start, const run_batch& batch) { start(batch); },
          [this](atom::over) {
            claims_over = true;
            halt_step();
          },
          [this](atom::end, const attempt_end_ptr& what) { ended(what); },
          [this](atom::recorded, std::uint64_t batch) { recorded(batch); },
          [this](atom::want) {
            asking = false;
            ask();
          },
          [this](atom::record) { send_ends(); },
          [this](atom::stop, const stop_order& order) { stop(order); },
          [this](atom::wake) { look_at_time(); },
          [this](atom::reload, const config_ptr& config) {
            take_over(config);
            if (clock)
              self->send(clock, atom::reload_v, config);
            ask();
          },
          [this](atom::toggle, const switch_order& order) {
            if (clock)
              self->send(clock, atom::toggle_v, order);
            else
              order.done(jobq::fail(errc::unavailable,
                                    halting ? "the engine is stopping"
                                            : "the engine is draining and "
                                              "decides no ticks: switch jobs "
                                              "after its next start"));
          },
          [this](atom::give_up, const std::string& why) {
            fail(why);
            halt_step(); // what can't be recorded is not waited for
          },
          [this](atom::drain) { drain(); },
          [this](atom::halt) { halt(); }};
}

supervisor_actor::behavior_type run_supervisor(supervisor_state::pointer self,
                                               const supervisor_parts& parts) {
  self->state.parts = parts;
  return self->state.make_behavior();
}

} // namespace

bool supervisor_view::fail(std::string why) {
  std::lock_guard guard{mutex_};
  if (!failure_.empty())
    return false;
  failure_ = std::move(why);
  return true;
}

std::string supervisor_view::failure() const {
  std::lock_guard guard{mutex_};
  return failure_;
}

supervisor_actor spawn_supervisor(caf::actor_system& system,
                                  supervisor_parts parts) {
  auto made = system.spawn(run_supervisor, parts);
  // Everybody else is watched by the supervisor.
  caf::actor_cast<caf::strong_actor_ptr>(made)->get()->attach_functor(
      [&system, parts = std::move(parts)](const caf::error& reason) {
        if (reason)
          tell_failure(parts, "the supervisor died: " + system.render(reason));
      });
  return made;
}

} // namespace jobq
