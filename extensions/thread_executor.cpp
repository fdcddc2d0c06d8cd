#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include <pthread.h>

#include "extensions/active_attempt.hpp"
#include "extensions/executor.hpp"

namespace jobq {

// Design. Threads are detached and share ownership of the pool and of their
// attempt, so that a function which never returns can outlive the executor
// without touching freed memory. Two locks: the pool's (who runs what) and the
// attempt's (what the observer may still hear). The observer is called under
// the attempt's, which keeps its calls from overlapping, and it may call the
// executor; so nobody takes an attempt's lock while holding the pool's.

namespace {

using steady = std::chrono::steady_clock;

constexpr auto idle_limit = std::chrono::minutes{1};

using attempt_ptr = std::shared_ptr<active_attempt>;

/// What an executor knows of an attempt that has a thread.
struct slot {
  attempt_ptr attempt;
  bool in_function = false; ///< before, it ends by itself and soon
  std::optional<steady::time_point> give_up; ///< set when told to stop
};

/// The state that threads share with the executor.
struct pool {
  pool(const registry& entries, std::size_t max, milliseconds grace_time)
      : functions{entries},
        max_threads{std::max<std::size_t>(max, 1)}, grace{grace_time} {}

  const registry& functions; ///< not touched once a function has begun
  const std::size_t max_threads;
  const milliseconds grace;

  std::mutex mutex;
  std::condition_variable work;    ///< the queue grew, or closing
  std::condition_variable watched; ///< a slot was told to stop, or closing
  std::condition_variable ended;   ///< a thread or an attempt has ended
  std::deque<attempt_ptr> queue;
  std::unordered_map<active_attempt*, slot> running;
  std::size_t threads = 0; ///< those that still obey
  std::size_t idle = 0;    ///< of them, waiting for work
  bool watching = false;   ///< the watcher thread exists
  bool closing = false;
};

using pool_ptr = std::shared_ptr<pool>;

/// Runs one attempt. @returns whether the executor still counts this thread.
bool run_attempt(const pool_ptr& pool, const attempt_ptr& attempt) {
  attempt->begin();
  auto function = callable(pool->functions, attempt->what());
  {
    std::lock_guard lock{pool->mutex};
    pool->running.at(attempt.get()).in_function = true;
  }
  attempt->finish(function
                      ? call(*function, *attempt)
                      : job_result::failed(function.error().message, false));
  std::lock_guard lock{pool->mutex};
  bool counted = pool->running.erase(attempt.get()) == 1;
  pool->ended.notify_all();
  return counted;
}

attempt_ptr next_attempt(pool& pool, std::unique_lock<std::mutex>& lock) {
  ++pool.idle;
  pool.work.wait_for(lock, idle_limit,
                     [&pool] { return !pool.queue.empty() || pool.closing; });
  --pool.idle;
  if (pool.queue.empty())
    return nullptr;
  auto attempt = std::move(pool.queue.front());
  pool.queue.pop_front();
  pool.running.emplace(attempt.get(), slot{attempt, false, {}});
  return attempt;
}

void thread_main(const pool_ptr& pool) {
  ::pthread_setname_np(::pthread_self(), "jobq.run");
  for (;;) {
    attempt_ptr attempt;
    {
      std::unique_lock lock{pool->mutex};
      attempt = next_attempt(*pool, lock);
      if (!attempt) {
        --pool->threads;
        pool->ended.notify_all();
        return;
      }
    }
    if (!run_attempt(pool, attempt))
      return; // given up: somebody else has this thread's place
  }
}

/// Starts a thread when work waits for one and the bound allows it. Called with
/// the pool's lock. @returns false when there is no thread at all.
bool add_thread(const pool_ptr& pool) {
  if (pool->queue.size() <= pool->idle || pool->threads >= pool->max_threads)
    return true;
  try {
    std::thread{thread_main, pool}.detach();
    ++pool->threads;
  } catch (const std::system_error&) {
    return pool->threads > 0; // those that are there take it later
  }
  return true;
}

/// Takes the attempts that ignored being stopped for too long out of the count
/// and makes room for those that wait. Called with the pool's lock.
std::vector<attempt_ptr> give_up(const pool_ptr& pool, steady::time_point now) {
  std::vector<attempt_ptr> deaf;
  for (auto it = pool->running.begin(); it != pool->running.end();) {
    const auto& [key, state] = *it;
    if (state.in_function && state.give_up && *state.give_up <= now) {
      deaf.push_back(state.attempt);
      it = pool->running.erase(it);
      --pool->threads;
    } else {
      ++it;
    }
  }
  for (std::size_t i = 0; i < deaf.size() && !pool->closing; ++i)
    add_thread(pool);
  return deaf;
}

void finish_deaf(const std::vector<attempt_ptr>& deaf) {
  for (const auto& attempt : deaf) {
    auto result = job_result::stopped();
    result.error = "the function ignored the request to stop; its thread was "
                   "given up";
    attempt->finish(std::move(result));
  }
}

/// Watches over attempts that were told to stop; ends when there are none.
void watcher_main(const pool_ptr& pool) {
  std::unique_lock lock{pool->mutex};
  for (;;) {
    std::optional<steady::time_point> next;
    for (const auto& [key, state] : pool->running)
      if (state.give_up && (!next || *state.give_up < *next))
        next = state.give_up;
    if (!next || pool->closing) {
      pool->watching = false;
      pool->ended.notify_all();
      return;
    }
    pool->watched.wait_until(lock, *next);
    if (pool->closing)
      continue; // the destructor gives up by itself
    auto deaf = give_up(pool, steady::now());
    lock.unlock();
    finish_deaf(deaf);
    deaf.clear();
    lock.lock();
  }
}

class thread_executor final : public executor {
public:
  thread_executor(const registry& functions, std::size_t max_threads,
                  milliseconds grace)
      : pool_{std::make_shared<pool>(functions, max_threads, grace)} {}

  // Order: nothing new begins; what waits is told; what runs is asked, then
  // given up; only then may the registry and the observers go.
  ~thread_executor() override {
    std::deque<attempt_ptr> waiting;
    std::vector<attempt_ptr> deaf;
    std::unique_lock lock{pool_->mutex};
    pool_->closing = true;
    waiting.swap(pool_->queue);
    for (auto& [key, state] : pool_->running)
      ask(state, stop_reason::shutdown);
    pool_->work.notify_all();
    pool_->watched.notify_all();
    lock.unlock();
    for (const auto& attempt : waiting) {
      attempt->request_stop(stop_reason::shutdown);
      attempt->finish(job_result::stopped());
    }
    lock.lock();
    pool_->ended.wait_for(lock, pool_->grace,
                          [this] { return pool_->running.empty(); });
    pool_->ended.wait(lock, [this] { return only_in_functions(); });
    deaf = give_up(pool_, steady::time_point::max());
    pool_->ended.wait(
        lock, [this] { return pool_->threads == 0 && !pool_->watching; });
    lock.unlock();
    finish_deaf(deaf);
  }

  void start(const run& what, attempt_observer observer) override {
    auto attempt = std::make_shared<active_attempt>(what, std::move(observer));
    {
      std::lock_guard lock{pool_->mutex};
      pool_->queue.push_back(attempt);
      if (add_thread(pool_)) {
        pool_->work.notify_one();
        return;
      }
      pool_->queue.pop_back();
    }
    attempt->finish(job_result::failed("no thread can be started"));
  }

  void stop(const run_id& id, stop_reason why) override {
    attempt_ptr waiting;
    {
      std::lock_guard lock{pool_->mutex};
      for (auto& [key, state] : pool_->running)
        if (key->id() == id)
          ask(state, why);
      waiting = take_waiting(id);
      watch();
    }
    if (!waiting)
      return;
    waiting->request_stop(why);
    waiting->finish(job_result::stopped());
  }

private:
  void ask(slot& state, stop_reason why) {
    state.attempt->request_stop(why);
    if (!state.give_up)
      state.give_up = steady::now() + pool_->grace;
  }

  attempt_ptr take_waiting(const run_id& id) {
    auto& queue = pool_->queue;
    auto it = std::find_if(queue.begin(), queue.end(), [&id](const auto& each) {
      return each->id() == id;
    });
    if (it == queue.end())
      return nullptr;
    auto attempt = std::move(*it);
    queue.erase(it);
    return attempt;
  }

  void watch() {
    pool_->watched.notify_all();
    if (pool_->watching)
      return;
    try {
      std::thread{watcher_main, pool_}.detach();
      pool_->watching = true;
    } catch (const std::system_error&) {
      // Without a watcher a deaf function keeps its place until the next stop.
    }
  }

  bool only_in_functions() const {
    for (const auto& [key, state] : pool_->running)
      if (!state.in_function)
        return false;
    return true;
  }

  const pool_ptr pool_;
};

} // namespace

std::unique_ptr<executor> make_thread_executor(const registry& functions,
                                               std::size_t max_threads,
                                               milliseconds grace) {
  return std::make_unique<thread_executor>(functions, max_threads, grace);
}

} // namespace jobq
