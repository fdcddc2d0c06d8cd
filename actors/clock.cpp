#include "actors/clock.hpp"

#include <algorithm>
#include <deque>
#include <stdexcept>
#include <utility>
#include <variant>

#include <caf/actor_system.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include "actors/default_handlers.hpp"
#include "actors/timetable.hpp"

namespace jobq {
namespace {

/// Firings decided in one go, each job's decision counting as one more: later
/// ticks of others wait for them.
constexpr std::size_t firings_per_look = 4'000;
/// So many looks' decisions are on their way to the disk, so that the next are
/// made while the last are written.
constexpr std::size_t most_under_way = 3;
/// How long to wait after a commit was refused.
constexpr milliseconds retry_after = seconds{1};
/// How far the wall clock must leave the monotonic one between two looks, and
/// how late a look must be, to be told.
constexpr milliseconds noticed_step{500};
constexpr milliseconds noticed_stall{5'000};
/// Before this instant there was no jobq: a clock that says so is not set.
constexpr time_point plausible{
    std::chrono::sys_days{std::chrono::year{2020} / 1 / 1}};

using steady = caf::actor_clock::time_point;

struct clock_state {
  using pointer = clock_actor::stateful_pointer<clock_state>;

  pointer self;
  clock_parts parts;
  timetable jobs;
  /// Stale wake-ups carry an older one.
  std::uint64_t generation = 0;
  /// Commits on their way. Those of ticks do not depend on each other: a job is
  /// decided again when its last decision is committed.
  std::size_t under_way = 0;
  /// The one under way comes before anything else is decided.
  bool alone = false;
  bool refused = false; ///< a commit was, since the last look
  bool halting = false;
  /// Read everything from the store again before the next look.
  bool stale = true;
  /// When a waiting run becomes available.
  std::optional<time_point> promotion;
  time_point next_expiry{};
  time_point up_since{};
  /// Orders that wait for the commits under way, and the one that is in it.
  std::deque<switch_order> orders;
  /// The latest look at both clocks, and when the next was meant to be.
  struct reading {
    time_point wall;
    steady monotonic;
  };
  std::optional<reading> seen;
  std::optional<steady> meant_to_wake;

  static inline const char* name = "clock";

  explicit clock_state(pointer ptr) : self{ptr} {}
  ~clock_state();
  clock_state(const clock_state&) = delete;
  clock_state& operator=(const clock_state&) = delete;

  clock_actor::behavior_type make_behavior();
  void look();
  time_point read_clocks();
  void warn_of_cursors_ahead(const std::vector<job_cursor>& cursors,
                             time_point now);
  void read_store(time_point now, std::vector<any_command>& commands);
  void take_order(time_point now);
  void commit(std::vector<any_command> commands);
  bool may_look() const;
  void committed(const std::vector<any_command>& commands,
                 const std::vector<result<reply>>& replies);
  void fired(const command::fire& what, const reply& came);
  void stop_others(const reply& came);
  void ordered(const command::set_switch& what, const result<reply>& came);
  void sleep();
  void sleep_for(milliseconds delay);
};

clock_state::~clock_state() {
  for (auto& order : orders)
    order.done(fail(errc::unavailable, "the engine was busy restarting or is "
                                       "stopping; try again"));
}

/// A change of the whole picture waits for what is under way.
bool clock_state::may_look() const {
  const bool changes = halting || stale || !orders.empty();
  return !alone && under_way < (changes ? 1 : most_under_way);
}

void clock_state::look() {
  if (!may_look()) {
    meant_to_wake.reset(); // a slow commit is no stall
    return;
  }
  if (halting) {
    self->quit();
    return;
  }
  refused = false;
  auto now = read_clocks();
  std::vector<any_command> commands;
  if (stale)
    read_store(now, commands);
  if (commands.empty() && !orders.empty()) {
    take_order(now);
    return;
  }
  if (promotion && *promotion <= now) {
    promotion.reset();
    commands.emplace_back(command::promote{now});
  }
  if (now >= next_expiry) {
    next_expiry = now + parts.options.expire_every;
    commands.emplace_back(command::expire{parts.config->retention, now});
  }
  // What the store must hear first is committed alone.
  alone = std::any_of(commands.begin(), commands.end(), [](auto& one) {
    return std::holds_alternative<command::fire>(one);
  });
  if (!alone)
    add_fires(commands, jobs.decide(now, firings_per_look), now);
  if (!commands.empty())
    commit(std::move(commands));
  if (!may_look())
    return; // until a commit has come back
  if (const auto next = jobs.next(); next && *next <= now)
    look();
  else
    sleep();
}

/// Reads the wall clock, and says when it or this process did not keep time.
/// What follows for ticks needs nothing else than the wall clock: going back
/// repeats none, since cursors never do; going forward is time that was missed.
time_point clock_state::read_clocks() {
  reading fresh{parts.now(), self->clock().now()};
  if (auto before = std::exchange(seen, fresh)) {
    auto passed
        = std::chrono::floor<milliseconds>(fresh.monotonic - before->monotonic);
    auto step = fresh.wall - before->wall - passed;
    if (step >= noticed_step)
      parts.log(log_level::warning,
                "clock step: forward by " + format_duration(step) + " to "
                    + format_utc(fresh.wall)
                    + " (it was set, or the machine slept); ticks in between "
                      "were missed");
    else if (step <= -noticed_step)
      parts.log(log_level::warning,
                "clock step: back by " + format_duration(-step) + " to "
                    + format_utc(fresh.wall)
                    + "; no tick fires again, the next ones come when the "
                      "clock has passed "
                    + format_utc(before->wall));
  }
  if (auto meant = std::exchange(meant_to_wake, std::nullopt);
      meant && fresh.monotonic - *meant >= noticed_stall)
    parts.log(log_level::warning,
              "clock stall: the process stood still for "
                  + format_duration(std::chrono::floor<milliseconds>(
                      fresh.monotonic - *meant))
                  + " (it was stopped, or the machine is overloaded); ticks "
                    "in between are late");
  return fresh.wall;
}

void clock_state::warn_of_cursors_ahead(const std::vector<job_cursor>& cursors,
                                        time_point now) {
  std::size_t ahead = 0;
  auto furthest = now;
  for (const auto& cursor : cursors) {
    ahead += cursor.position > now + noticed_step ? 1U : 0U;
    furthest = std::max(furthest, cursor.position);
  }
  if (ahead > 0)
    parts.log(log_level::warning,
              "clock behind: ticks of " + std::to_string(ahead)
                  + " jobs are decided up to " + format_utc(furthest)
                  + ", but the clock says " + format_utc(now)
                  + "; they fire again when it has passed that");
}

void clock_state::read_store(time_point now,
                             std::vector<any_command>& commands) {
  auto cursors = parts.reads->cursors();
  auto switches = parts.reads->switches();
  if (!cursors || !switches)
    throw std::runtime_error{
        (cursors ? switches.error() : cursors.error()).message};
  stale = false;
  if (!parts.options.ticks)
    return;
  warn_of_cursors_ahead(*cursors, now);
  commands = jobs.reset(scheduled_jobs(parts.config->jobs, *switches,
                                       parts.why_not, parts.config->enabled),
                        *cursors, now, up_since);
}

void clock_state::take_order(time_point now) {
  auto& order = orders.front();
  order.value.at = now;
  command::set_switch what{order.value, jobs.at_switch(order.value.job, now)};
  if (what.decision) {
    const auto* job = jobs.find(order.value.job);
    auto runnable
        = !job->paused
          && (!parts.why_not || parts.why_not(job->definition).empty());
    what.decision->cursor.active = order.value.enabled && runnable;
  }
  alone = true;
  commit({std::move(what)});
}

/// What is to be known of a command once it is committed: of decisions their
/// cursors, not their runs.
any_command outline(const any_command& what) {
  const auto* fire = std::get_if<command::fire>(&what);
  if (fire == nullptr)
    return what;
  command::fire kept;
  kept.now = fire->now;
  kept.decisions.reserve(fire->decisions.size());
  for (const auto& one : fire->decisions)
    kept.decisions.push_back({one.cursor, one.decided_from, {}, {}});
  return kept;
}

void clock_state::commit(std::vector<any_command> commands) {
  ++under_way;
  meant_to_wake.reset(); // a slow commit is no stall
  std::vector<any_command> kept;
  for (const auto& one : commands)
    kept.push_back(outline(one));
  self->request(parts.keeper, caf::infinite, atom::commit_v,
                std::make_shared<std::vector<any_command>>(std::move(commands)))
      .then(
          [this, kept = std::move(kept)](const reply_batch& replies) {
            --under_way;
            alone = false;
            committed(kept, *replies);
          },
          [this](const caf::error&) {
            // The keeper is gone; the supervisor knows.
            --under_way;
            self->quit();
          });
}

void clock_state::committed(const std::vector<any_command>& commands,
                            const std::vector<result<reply>>& replies) {
  std::string why;
  for (std::size_t i = 0; i < commands.size(); ++i) {
    const auto& came = replies[i];
    if (const auto* set = std::get_if<command::set_switch>(&commands[i])) {
      ordered(*set, came);
    } else if (!came) {
      refused = stale = true;
      why = came.error().message;
    } else if (const auto* fire = std::get_if<command::fire>(&commands[i])) {
      fired(*fire, *came);
    } else if (const auto* sweep = std::get_if<command::expire>(&commands[i])) {
      if (came->count >= sweep->limit)
        next_expiry = {};
    } else if (const auto* due = std::get_if<command::promote>(&commands[i])) {
      if (came->count >= due->limit)
        promotion = due->now;
    }
  }
  if (!why.empty())
    parts.log(log_level::error, "ticks could not be committed: " + why);
  if (refused && !halting)
    sleep_for(retry_after);
  else
    look();
}

void clock_state::fired(const command::fire& what, const reply& came) {
  jobs.committed(what.decisions);
  // Somebody else moved a cursor: our picture is not the store's.
  if (came.count > 0)
    stale = true;
  stop_others(came);
}

/// What has to make way for what was fired.
void clock_state::stop_others(const reply& came) {
  for (const auto& one : came.to_cancel)
    self->send(parts.supervisor, atom::stop_v,
               stop_order{one, stop_reason::cancel});
  for (const auto& one : came.to_terminate)
    self->send(parts.supervisor, atom::stop_v,
               stop_order{one, stop_reason::terminate});
}

void clock_state::ordered(const command::set_switch& what,
                          const result<reply>& came) {
  auto order = std::move(orders.front());
  orders.pop_front();
  if (!came) {
    stale = true;
    order.done(tl::unexpected<error>(came.error()));
    return;
  }
  stop_others(*came);
  if (what.decision) {
    jobs.committed({*what.decision});
    auto reason = "disabled by " + what.value.by;
    if (!what.value.reason.empty())
      reason += ": " + what.value.reason;
    jobs.switched(what.value.job, what.decision->cursor.active,
                  std::move(reason));
  }
  order.done(what.value);
}

void clock_state::sleep() {
  auto now = parts.now();
  auto until = now + parts.options.longest_sleep;
  if (auto next = jobs.next())
    until = std::min(until, *next);
  if (promotion)
    until = std::min(until, *promotion);
  sleep_for(std::max(until - now, milliseconds::zero()));
}

void clock_state::sleep_for(milliseconds delay) {
  meant_to_wake = self->clock().now() + delay;
  self->delayed_send(self, delay, atom::wake_v, ++generation);
}

clock_actor::behavior_type clock_state::make_behavior() {
  set_default_handlers(self, parts.log, name);
  up_since = parts.now();
  if (up_since < plausible)
    parts.log(log_level::warning,
              "clock not set: it says " + format_utc(up_since)
                  + "; schedules follow it, and its step to the present will "
                    "count as downtime");
  next_expiry = up_since + parts.options.expire_every;
  sleep_for(milliseconds::zero());
  return {[this](atom::wake, std::uint64_t asked) {
            if (asked == generation)
              look();
          },
          [this](atom::wake, time_point due) {
            if (promotion && *promotion <= due)
              return;
            promotion = due;
            if (under_way == 0)
              sleep();
          },
          [this](atom::reload, const config_ptr& config) {
            parts.config = config;
            stale = true;
            look();
          },
          [this](atom::toggle, const switch_order& order) {
            orders.push_back(order);
            look();
          },
          [this](atom::halt) {
            halting = true;
            look();
          }};
}

clock_actor::behavior_type run_clock(clock_state::pointer self,
                                     const clock_parts& parts) {
  self->state.parts = parts;
  return self->state.make_behavior();
}

} // namespace

clock_actor spawn_clock(supervisor_actor::base& owner, clock_parts parts) {
  return owner.spawn<caf::monitored>(run_clock, std::move(parts));
}

} // namespace jobq
