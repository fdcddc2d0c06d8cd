#include "actors/actor_scheduler.hpp"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/detail/set_thread_name.hpp>
#include <caf/detail/thread_safe_actor_clock.hpp>
#include <caf/execution_unit.hpp>
#include <caf/logger.hpp>
#include <caf/resumable.hpp>
#include <caf/scheduler/abstract_coordinator.hpp>

namespace jobq {
namespace {

using caf_clock = caf::detail::thread_safe_actor_clock;

thread_local bool running_actors = false;

/// Goes to look for an actor's timeouts only once anybody has set one.
class lean_clock final : public caf_clock {
public:
  void set_ordinary_timeout(time_point at, caf::abstract_actor* self,
                            caf::atom_value type, std::uint64_t id) override {
    any_ = true;
    caf_clock::set_ordinary_timeout(at, self, type, id);
  }

  void set_multi_timeout(time_point at, caf::abstract_actor* self,
                         caf::atom_value type, std::uint64_t id) override {
    any_ = true;
    caf_clock::set_multi_timeout(at, self, type, id);
  }

  void set_request_timeout(time_point at, caf::abstract_actor* self,
                           caf::message_id id) override {
    any_ = true;
    caf_clock::set_request_timeout(at, self, id);
  }

  void cancel_timeouts(caf::abstract_actor* self) override {
    if (any_)
      caf_clock::cancel_timeouts(self);
  }

private:
  std::atomic<bool> any_ = false;
};

/// Actors that have messages, first come, first served. Whoever is woken is
/// woken after the lock was let go: a thread that is woken on the same
/// processor runs at once, and would have to wait for it.
class ready_actors {
public:
  /// From a thread that runs no actor.
  void add(caf::resumable* one) { add(one, 0); }

  /// From an actor that is running: its thread takes the next ones as soon as
  /// the actor is done, which is sooner than another thread can be woken.
  void add_from_within(caf::resumable* one) { add(one, soon_taken); }

  /// As `add`, for many.
  void add_all(const std::deque<caf::resumable*>& all) {
    std::size_t wake = 0;
    {
      std::lock_guard guard{mutex_};
      line_.insert(line_.end(), all.begin(), all.end());
      wake = std::min(all.size(), sleeping_);
    }
    for (; wake > 0; --wake)
      changed_.notify_one();
  }

  /// Waits for one.
  /// @returns null once there is none and none will come
  caf::resumable* take() {
    std::unique_lock lock{mutex_};
    if (line_.empty() && !closed_) {
      ++sleeping_;
      changed_.wait(lock, [this] { return !line_.empty() || closed_; });
      --sleeping_;
    }
    return take_first();
  }

  void close() {
    {
      std::lock_guard guard{mutex_};
      closed_ = true;
    }
    changed_.notify_all();
  }

private:
  /// An actor takes a few microseconds for what it has to do, an idle processor
  /// up to 50 to wake.
  static constexpr std::size_t soon_taken = 2;

  void add(caf::resumable* one, std::size_t taken_care_of) {
    bool wake = false;
    {
      std::lock_guard guard{mutex_};
      line_.push_back(one);
      wake = sleeping_ > 0 && line_.size() > taken_care_of;
    }
    if (wake)
      changed_.notify_one();
  }

  caf::resumable* take_first() {
    if (line_.empty())
      return nullptr;
    auto* const first = line_.front();
    line_.pop_front();
    return first;
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<caf::resumable*> line_;
  std::size_t sleeping_ = 0;
  bool closed_ = false;
};

/// Runs an actor that has messages.
/// @returns whether it is to be run again
bool run(caf::resumable* one, caf::execution_unit& here,
         std::size_t most_messages) {
  const bool again
      = one->resume(&here, most_messages) == caf::resumable::resume_later;
  if (!again) // otherwise the reference stays with whoever runs it next
    caf::intrusive_ptr_release(one);
  // An actor that spawned another has set it, and while it is set, each
  // message is counted in a table that all threads share.
  caf::logger::set_current_actor_system(nullptr);
  return again;
}

/// A thread that runs actors.
class actor_thread final : public caf::execution_unit {
public:
  actor_thread(caf::actor_system& system, ready_actors& line,
               std::size_t most_messages)
      : execution_unit{&system}, line_{line},
        most_messages_{most_messages}, thread_{[this] { work(); }} {}

  ~actor_thread() override { thread_.join(); }

  actor_thread(const actor_thread&) = delete;
  actor_thread& operator=(const actor_thread&) = delete;

  void exec_later(caf::resumable* one) override { line_.add_from_within(one); }

private:
  void work() {
    caf::detail::set_thread_name("jobq.actors");
    running_actors = true;
    system().thread_started();
    while (auto* const one = line_.take())
      if (run(one, *this, most_messages_))
        line_.add_from_within(one);
    system().thread_terminates();
  }

  ready_actors& line_;
  const std::size_t most_messages_;
  std::thread thread_; ///< begins last
};

/// Runs actors on a thread that is not ours.
class visitor final : public follow_up, public caf::execution_unit {
public:
  visitor(caf::actor_system& system, std::shared_ptr<ready_actors> line)
      : execution_unit{&system}, line_{std::move(line)} {}

  /// The one at work on this thread, if it is there for that system.
  static visitor* here(const caf::actor_system& system) {
    return here_ != nullptr && &here_->system() == &system ? here_ : nullptr;
  }

  void exec_later(caf::resumable* one) override {
    if (mine_.size() < most)
      mine_.push_back(one);
    else
      line_->add(one);
  }

  void begin() override {
    here_ = this;
    running_actors = true;
  }

  bool work() override {
    if (mine_.empty())
      return false;
    auto* const one = mine_.front();
    mine_.pop_front();
    if (run(one, *this, most_messages))
      mine_.push_back(one);
    return true;
  }

  void end() override {
    running_actors = false;
    here_ = nullptr;
    line_->add_all(mine_);
    mine_.clear();
  }

private:
  /// Others wait for the thread; and many actors are done sooner by all
  /// threads.
  static constexpr std::size_t most_messages = 10;
  static constexpr std::size_t most = 8;

  static thread_local visitor* here_;

  const std::shared_ptr<ready_actors> line_;
  std::deque<caf::resumable*> mine_;
};

thread_local visitor* visitor::here_ = nullptr;

class actor_scheduler final : public caf::scheduler::abstract_coordinator {
  using base = caf::scheduler::abstract_coordinator;

public:
  using base::base;

  static caf::actor_system::module* make(caf::actor_system& system,
                                         caf::detail::type_list<>) {
    return new actor_scheduler(system);
  }

  void enqueue(caf::resumable* one) override {
    if (auto* const visiting = visitor::here(system())) {
      visiting->exec_later(one);
      return;
    }
    // What it wakes may be the last that was waited for: then it ends us.
    const auto line = line_;
    line->add(one);
  }

  caf_clock& clock() noexcept override { return clock_; }

  std::shared_ptr<follow_up> make_visitor() {
    return std::make_shared<visitor>(system(), line_);
  }

protected:
  void start() override {
    for (std::size_t i = 0; i < num_workers(); ++i)
      threads_.push_back(
          std::make_unique<actor_thread>(system(), *line_, max_throughput()));
    clock_thread_ = std::thread{[this] {
      caf::detail::set_thread_name("jobq.clock");
      system().thread_started();
      clock_.run_dispatch_loop();
      system().thread_terminates();
    }};
    base::start();
  }

  /// All actors have ended by now but those of CAF's own.
  void stop() override {
    line_->close();
    threads_.clear();
    stop_actors();
    while (auto* const left = line_->take())
      cleanup_and_release(left);
    clock_.cancel_dispatch_loop();
    clock_thread_.join();
  }

private:
  const std::shared_ptr<ready_actors> line_ = std::make_shared<ready_actors>();
  std::vector<std::unique_ptr<actor_thread>> threads_;
  lean_clock clock_;
  std::thread clock_thread_;
};

} // namespace

void use_actor_scheduler(caf::actor_system_config& config) {
  config.load<actor_scheduler>();
  config.set("scheduler.max-threads",
             std::max<std::size_t>(2, std::thread::hardware_concurrency()));
  config.set("scheduler.max-throughput", std::size_t{300});
}

std::shared_ptr<follow_up> make_follow_up(caf::actor_system& system) {
  return dynamic_cast<actor_scheduler&>(system.scheduler()).make_visitor();
}

bool runs_actors() noexcept {
  return running_actors;
}

} // namespace jobq
