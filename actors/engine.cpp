#include "actors/engine.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <future>
#include <mutex>
#include <optional>
#include <random>
#include <set>
#include <thread>
#include <utility>

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/send.hpp>

#include "actors/actor_scheduler.hpp"
#include "actors/commit_desk.hpp"
#include "actors/feed_hub.hpp"
#include "actors/gate.hpp"
#include "actors/keeper.hpp"
#include "actors/supervisor.hpp"
#include "actors/timetable.hpp"
#include "jobs/due.hpp"
#include "jobs/names.hpp"

namespace jobq {
namespace {

struct system_config : caf::actor_system_config {
  system_config() { use_actor_scheduler(*this); }
};

std::string new_instance() {
  std::random_device entropy;
  std::string text;
  for (int i = 0; i < 4; ++i)
    text += "0123456789abcdefghjkmnpqrstvwxyz"[entropy() % 32];
  return run_id::random(system_time()()).to_string().substr(0, 10) + text;
}

tl::unexpected<error> stopped() {
  return fail(errc::unavailable, "the engine has stopped");
}

/// On a thread that runs actors or is in a callback, the wait might have no
/// end.
bool may_wait() {
  return !runs_actors() && may_wait_for_commits();
}

tl::unexpected<error> no_wait_here() {
  return fail(errc::unsupported,
              "this thread serves the engine and can't wait for it: give the "
              "job isolation: thread, or hand the change in by submit");
}

/// An order that a dead actor got is never answered.
result<job_switch> answer_of(std::future<result<job_switch>>& order) {
  try {
    return order.get();
  } catch (const std::future_error&) {
    return stopped();
  }
}

constexpr std::chrono::seconds drain_patience{1};

} // namespace

class engine::impl {
public:
  impl(const configuration& config, engine_options options, engine_parts parts)
      : parts_{std::move(parts)}, options_{options},
        config_{std::make_shared<const configuration>(config)},
        started_at_{parts_.now()}, instance_{new_instance()},
        board_{std::make_shared<live_board>()},
        feeds_{std::make_shared<feed_hub>(parts_.reads)},
        view_{std::make_shared<supervisor_view>()},
        desk_{std::make_shared<commit_desk>(parts_.commits)}, system_{
                                                                  settings_} {}

  ~impl() {
    stop();
    parts_.commits.follow_up_with({});
  }

  result<void> begin() {
    auto switches = parts_.reads.switches();
    if (!switches)
      return tl::unexpected<error>(switches.error());
    take_over(*config_, *switches);
    if (options_.ticks)
      bootstrap();
    auto keeper
        = spawn_keeper(system_, {desk_, instance_, parts_.now, parts_.log,
                                 [gate = drained_] { gate->open(); }});
    supervisor_parts own{keeper,
                         &parts_.reads,
                         &parts_.functions,
                         board_,
                         feeds_,
                         view_,
                         [this](std::string why) { failed(std::move(why)); },
                         config_,
                         options_,
                         parts_.why_not,
                         parts_.now,
                         parts_.log};
    supervisor_ = spawn_supervisor(system_, std::move(own));
    parts_.commits.follow_up_with(make_follow_up(system_));
    return {};
  }

  void submit(any_command what, commit_callback done) {
    if (stopped_) {
      done(stopped());
      return;
    }
    auto told = stop_before(what, std::move(done));
    desk_->submit(std::move(what), std::move(told));
  }

  result<run> run_now(const std::string& job, const parameter_map& extra,
                      trigger made_by) {
    auto config = current();
    const auto* definition = config->find_job(job);
    if (definition == nullptr)
      return unknown_job(*config, job);
    if (auto why = parts_.why_not ? parts_.why_not(*definition) : "";
        !why.empty())
      return fail(errc::unsupported, "job \"" + job + "\" can't run: " + why);
    auto now = parts_.now();
    auto made = make_run(*definition, made_by, run_id::random(now), now);
    for (const auto& [key, value] : extra)
      made.parameters[key] = value;
    return enqueue(std::move(made));
  }

  result<run> enqueue(run made) {
    auto came = perform(command::enqueue{{made}});
    if (!came)
      return tl::unexpected<error>(came.error());
    return made;
  }

  result<reply> perform(any_command what,
                        const std::function<void()>& meanwhile = {}) {
    if (stopped_)
      return stopped();
    if (!may_wait())
      return no_wait_here();
    result<reply> answer = fail(errc::internal, "the change was not answered");
    auto told = stop_before(
        what, [&answer](result<reply> value) { answer = std::move(value); });
    desk_->carry_out(std::move(what), std::move(told), meanwhile);
    return answer;
  }

  result<job_switch> set_enabled(const std::string& job, bool enabled,
                                 const std::string& by,
                                 const std::string& reason) {
    auto config = current();
    const auto* definition = config->find_job(job);
    if (definition == nullptr)
      return unknown_job(*config, job);
    if (stopped_)
      return stopped();
    if (!may_wait())
      return no_wait_here();
    auto answer = std::make_shared<std::promise<result<job_switch>>>();
    auto came = answer->get_future();
    switch_order order{{job, enabled, by, reason, parts_.now()},
                       [answer](result<job_switch> value) {
                         answer->set_value(std::move(value));
                       }};
    answer.reset(); // the order's own is the last
    caf::anon_send(supervisor_, atom::toggle_v, std::move(order));
    auto value = answer_of(came);
    if (value)
      set_active(
          job,
          enabled && (!parts_.why_not || parts_.why_not(*definition).empty()));
    return value;
  }

  result<void> reload(const configuration& config) {
    if (stopped_)
      return stopped();
    auto switches = parts_.reads.switches();
    if (!switches)
      return tl::unexpected<error>(switches.error());
    auto fresh = std::make_shared<const configuration>(config);
    {
      std::lock_guard guard{mutex_};
      config_ = fresh;
    }
    take_over(config, *switches);
    caf::anon_send(supervisor_, atom::reload_v, config_ptr{fresh});
    return {};
  }

  std::shared_ptr<completion_feed> subscribe(std::uint64_t after,
                                             std::size_t window) {
    return feeds_->subscribe(after, window);
  }

  const live_board& live() const { return *board_; }

  engine_status status() const {
    auto config = current();
    engine_status seen;
    seen.instance = instance_;
    seen.started_at = started_at_;
    seen.workers = config->workers;
    seen.running = view_->running;
    seen.ticking = options_.ticks && config->enabled && !draining_;
    seen.draining = draining_;
    seen.jobs = static_cast<std::uint32_t>(config->jobs.size());
    seen.restarts = view_->restarts;
    seen.failure = view_->failure();
    return seen;
  }

  std::optional<time_point> next_run(const job_definition& job) const {
    if (!job.schedule || !current()->enabled)
      return std::nullopt;
    {
      std::lock_guard guard{mutex_};
      if (inactive_.contains(job.name))
        return std::nullopt;
    }
    return job.schedule->next(parts_.now(), job.timezone, job.gap, job.overlap);
  }

  void on_failure(std::function<void(std::string)> callback) {
    std::unique_lock lock{mutex_};
    if (!untold_failure_) {
      on_failure_ = std::move(callback);
      return;
    }
    auto why = *std::exchange(untold_failure_, {});
    lock.unlock();
    callback(std::move(why));
  }

  void drain() {
    draining_ = true;
    caf::anon_send(supervisor_, atom::drain_v);
    // One that has failed, or ends, may not answer, and claims nothing either.
    if (may_wait())
      drained_->wait_for(drain_patience);
  }

  bool drained() const { return drained_->is_open(); }

  void stop() {
    std::lock_guard guard{stopping_};
    if (stopped_.exchange(true))
      return;
    if (supervisor_) {
      caf::anon_send(supervisor_, atom::halt_v);
      system_.await_all_actors_done();
    }
    feeds_->close();
    flush();
  }

private:
  /// Has running attempts stopped that a command cancels, before `done` is
  /// called.
  commit_callback stop_before(const any_command& what, commit_callback done) {
    if (std::holds_alternative<command::enqueue>(what)) // stops nothing
      return done;
    const bool cancels = std::holds_alternative<command::cancel>(what);
    return [this, cancels, done = std::move(done)](result<reply> value) {
      if (value) {
        if (cancels)
          for (const auto& one : value->runs)
            if (one->state == run_state::running)
              stop_attempt({one->id, one->attempt}, stop_reason::cancel);
        for (const auto& one : value->to_cancel)
          stop_attempt(one, stop_reason::cancel);
        for (const auto& one : value->to_terminate)
          stop_attempt(one, stop_reason::terminate);
      }
      done(std::move(value));
    };
  }

  void stop_attempt(const attempt_id& which, stop_reason why) {
    caf::anon_send(supervisor_, atom::stop_v, stop_order{which, why});
  }

  /// Waits until every callback that knows us has been called.
  void flush() {
    parts_.commits.carry_out(barrier(), [](const result<reply>&) {}, {});
  }

  std::shared_ptr<const configuration> current() const {
    std::lock_guard guard{mutex_};
    return config_;
  }

  void set_active(const std::string& job, bool active) {
    std::lock_guard guard{mutex_};
    if (active)
      inactive_.erase(job);
    else
      inactive_.insert(job);
  }

  /// Learns which jobs are active, and says loudly which can't run.
  void take_over(const configuration& config,
                 const std::vector<job_switch>& switches) {
    std::set<std::string> inactive;
    for (const auto& job :
         scheduled_jobs(config.jobs, switches, parts_.why_not)) {
      if (job.active)
        continue;
      inactive.insert(job.definition.name);
      auto why = parts_.why_not ? parts_.why_not(job.definition) : "";
      if (!why.empty())
        parts_.log(log_level::warning,
                   "job \"" + job.definition.name + "\" is disabled: " + why);
    }
    std::lock_guard guard{mutex_};
    inactive_ = std::move(inactive);
  }

  /// Runs are committed ahead of the first tick: the clock starts later.
  void bootstrap() {
    command::enqueue first;
    for (const auto& job : config_->bootstrap_jobs) {
      const auto* definition = config_->find_job(job);
      if (definition == nullptr || inactive_.contains(job)) {
        parts_.log(log_level::warning,
                   "bootstrap job \"" + job + "\" is disabled and not run");
        continue;
      }
      auto now = parts_.now();
      first.runs.push_back(
          make_run(*definition, trigger::bootstrap, run_id::random(now), now));
    }
    if (!first.runs.empty())
      desk_->submit(
          std::move(first), [log = parts_.log](const result<reply>& came) {
            if (!came)
              log(log_level::error,
                  "bootstrap jobs were not enqueued: " + came.error().message);
          });
  }

  tl::unexpected<error> unknown_job(const configuration& config,
                                    const std::string& job) const {
    std::vector<std::string> names;
    for (const auto& one : config.jobs)
      names.push_back(one.name);
    return fail(errc::not_found,
                "no job \"" + job + "\"" + did_you_mean(job, names));
  }

  void failed(std::string why) {
    std::function<void(std::string)> callback;
    {
      std::lock_guard guard{mutex_};
      callback = on_failure_;
      if (!callback)
        untold_failure_ = why;
    }
    if (callback)
      callback(std::move(why));
  }

  engine_parts parts_;
  engine_options options_;
  mutable std::mutex mutex_; ///< of the four below
  std::shared_ptr<const configuration> config_;
  std::set<std::string> inactive_;
  std::function<void(std::string)> on_failure_;
  std::optional<std::string> untold_failure_; ///< nobody had asked for it yet
  time_point started_at_;
  std::string instance_;
  std::shared_ptr<live_board> board_;
  std::shared_ptr<feed_hub> feeds_;
  std::shared_ptr<supervisor_view> view_;
  std::shared_ptr<commit_desk> desk_;
  std::shared_ptr<gate> drained_ = std::make_shared<gate>();
  std::mutex stopping_;
  std::atomic<bool> stopped_{false};
  std::atomic<bool> draining_{false};
  system_config settings_;
  caf::actor_system system_;
  supervisor_actor supervisor_;
};

engine::engine(std::unique_ptr<impl> body) : impl_{std::move(body)} {}
engine::~engine() = default;

result<std::unique_ptr<engine>> engine::start(const configuration& config,
                                              engine_options options,
                                              engine_parts parts) {
  using started = result<std::unique_ptr<engine>>;
  auto start_here = [&]() -> started {
    auto body = std::make_unique<impl>(config, options, std::move(parts));
    if (auto begun = body->begin(); !begun)
      return tl::unexpected<error>(begun.error());
    return std::unique_ptr<engine>{new engine{std::move(body)}};
  };
  // A thread that creates a CAF system or spawns in it keeps a reference to the
  // system until it ends, and the system's destructor waits for that. On a
  // thread of its own, the engine can be destroyed by any other.
  return std::async(std::launch::async, start_here).get();
}

void engine::submit(any_command what, commit_callback done) {
  impl_->submit(std::move(what), std::move(done));
}

result<reply> engine::perform(any_command what,
                              const std::function<void()>& meanwhile) {
  return impl_->perform(std::move(what), meanwhile);
}

result<run> engine::run_now(const std::string& job, const parameter_map& extra,
                            trigger made_by) {
  return impl_->run_now(job, extra, made_by);
}

result<job_switch> engine::set_enabled(const std::string& job, bool enabled,
                                       const std::string& by,
                                       const std::string& reason) {
  return impl_->set_enabled(job, enabled, by, reason);
}

result<void> engine::reload(const configuration& config) {
  return impl_->reload(config);
}

std::shared_ptr<completion_feed> engine::subscribe(std::uint64_t after,
                                                   std::size_t window) {
  return impl_->subscribe(after, window);
}

const live_board& engine::live() const noexcept {
  return impl_->live();
}

engine_status engine::status() const {
  return impl_->status();
}

std::optional<time_point> engine::next_run(const job_definition& job) const {
  return impl_->next_run(job);
}

void engine::on_failure(std::function<void(std::string)> callback) {
  impl_->on_failure(std::move(callback));
}

void engine::drain() {
  impl_->drain();
}

bool engine::drained() const {
  return impl_->drained();
}

void engine::stop() {
  impl_->stop();
}

} // namespace jobq
