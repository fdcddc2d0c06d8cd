#include "queue/committer.hpp"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <utility>

#include <pthread.h>

#include "queue/backlog.hpp"
#include "queue/command_size.hpp"

namespace jobq {
namespace {

struct request {
  any_command what;
  commit_callback done;
  std::size_t bytes = 0;    ///< about what it will add to its commit
  std::size_t new_runs = 0; ///< if it is an `enqueue`
};

/// What goes into one commit.
struct request_batch {
  std::vector<any_command> commands;
  std::vector<commit_callback> callbacks; ///< one per command

  bool empty() const { return commands.empty(); }
  void add(any_command what, commit_callback done) {
    commands.push_back(std::move(what));
    callbacks.push_back(std::move(done));
  }
};

constexpr std::size_t max_batch_bytes = 1 << 20;

template <class Function>
void shielded(Function&& function) noexcept {
  try {
    function();
  } catch (...) { // a callback's defect must not take the queue down
  }
}

/// Calls a store that may throw.
template <class Call>
auto guarded(Call&& call) -> decltype(call()) {
  try {
    return call();
  } catch (const std::exception& e) {
    return fail(errc::internal, std::string{"the store threw: "} + e.what());
  } catch (...) {
    return fail(errc::internal, "the store threw");
  }
}

/// Carries out batches, and tells those who hear the pulse.
class applier {
public:
  explicit applier(store& target) : target_{target} {}

  /// Applies the batch's commands and forgets them; the answers are left for
  /// its callbacks.
  result<commit_report> apply(request_batch& batch, durability how) {
    const auto count = batch.commands.size();
    auto report = guarded([&] { return target_.apply(batch.commands, how); });
    batch.commands.clear();
    if (report && report->replies.size() != count)
      report = fail(errc::internal, "the store left commands unanswered");
    return report;
  }

  result<void> sync() {
    return guarded([&] { return target_.sync(); });
  }

  void beat(const pulse& now) {
    std::lock_guard lock{mutex_};
    if (pulse_)
      shielded([&] { pulse_(now); });
  }

  void on_pulse(pulse_callback callback) {
    std::lock_guard lock{mutex_};
    pulse_ = std::move(callback);
  }

private:
  store& target_;
  std::mutex mutex_;
  pulse_callback pulse_;
};

void answer(const std::vector<commit_callback>& callbacks,
            result<commit_report>& report) {
  for (std::size_t i = 0; i < callbacks.size(); ++i)
    if (callbacks[i])
      shielded([&] {
        callbacks[i](report ? std::move(report->replies[i])
                            : result<reply>{tl::unexpect, report.error()});
      });
}

/// A batch that was applied, and is to be made durable and answered.
struct applied_batch {
  std::vector<commit_callback> callbacks;
  result<commit_report> report;
  bool sync = false; ///< whether its answers have to wait for the disk
  std::size_t new_runs = 0;
  std::size_t new_bytes = 0;
  std::chrono::steady_clock::time_point begun{};
};

/// Makes batches durable and answers them, in order: one sync for all that have
/// come since the last.
class finisher {
public:
  using released = std::function<void(const applied_batch&)>;

  /// @param done is told of each batch that has been answered
  finisher(applier& target, released done)
      : applier_{target}, done_{std::move(done)}, thread_{[this] { work(); }} {}

  /// Finishes what was handed in.
  ~finisher() {
    {
      std::lock_guard lock{mutex_};
      stopping_ = true;
    }
    wake_.notify_one();
    thread_.join();
  }

  /// Whether all that was handed in has been answered.
  bool idle() const {
    std::lock_guard lock{mutex_};
    return waiting_.empty() && !busy_;
  }

  void wait_until_idle() const {
    std::unique_lock lock{mutex_};
    rested_.wait(lock, [this] { return waiting_.empty() && !busy_; });
  }

  void hand_in(applied_batch batch) {
    {
      std::lock_guard lock{mutex_};
      waiting_.push_back(std::move(batch));
    }
    wake_.notify_one();
  }

  /// On the caller's thread.
  void finish(std::vector<applied_batch>& batches) {
    const bool sync
        = std::any_of(batches.begin(), batches.end(), [](const auto& one) {
            return one.sync && one.report.has_value();
          });
    // After one that failed nothing is acknowledged: not even what needs none,
    // since it may follow from what the disk did not take.
    if (durable_ && sync)
      durable_ = applier_.sync();
    for (auto& one : batches) {
      if (!durable_ && one.report)
        one.report = tl::unexpected{durable_.error()};
      answer(one.callbacks, one.report);
      done_(one);
    }
    batches.clear();
  }

private:
  void work() {
    ::pthread_setname_np(::pthread_self(), "jobq.sync");
    std::vector<applied_batch> mine;
    for (std::unique_lock lock{mutex_};;) {
      busy_ = false;
      if (waiting_.empty())
        rested_.notify_all();
      wake_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
      if (waiting_.empty())
        return;
      mine.swap(waiting_);
      busy_ = true;
      lock.unlock();
      finish(mine);
      lock.lock();
    }
  }

  applier& applier_;
  released done_;
  result<void> durable_; ///< belongs to whoever finishes
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  mutable std::condition_variable rested_;
  std::vector<applied_batch> waiting_;
  bool busy_ = false;
  bool stopping_ = false;
  std::thread thread_;
};

class committer final : public commit_queue {
public:
  committer(store& target, commit_limits limits)
      : applier_{target}, backlog_{limits},
        finisher_{applier_, [this](const applied_batch& one) { release(one); }},
        thread_{[this] { work(); }} {}

  ~committer() override {
    {
      std::lock_guard lock{mutex_};
      stopping_ = true;
    }
    wake_.notify_one();
    thread_.join();
  }

  void submit(any_command what, commit_callback done) override {
    request one{std::move(what), std::move(done)};
    one.bytes = size_of(one.what);
    const auto* fresh = std::get_if<command::enqueue>(&one.what);
    if (fresh != nullptr)
      one.new_runs = fresh->runs.size();
    bool was_idle = false;
    std::string refusal;
    {
      std::lock_guard lock{mutex_};
      if (fresh != nullptr)
        refusal = backlog_.admit(one.new_runs, one.bytes);
      was_idle = !waits();
      if (!refusal.empty())
        was_idle = false;
      else if (std::holds_alternative<command::claim>(one.what))
        claims_.add(std::move(one.what), std::move(one.done));
      else
        others_.push_back(std::move(one));
    }
    if (!refusal.empty())
      shielded([&] { one.done(fail(errc::busy, std::move(refusal))); });
    else if (was_idle)
      wake_.notify_one();
  }

  void on_pulse(pulse_callback callback) override {
    applier_.on_pulse(std::move(callback));
  }

private:
  void work() {
    ::pthread_setname_np(::pthread_self(), "jobq.commit");
    request_batch batch;
    while (wait_for_work()) {
      take_claims(batch);
      commit(batch, {});
      applied_batch next;
      next.sync = true;
      take_others(batch, next);
      commit(batch, std::move(next));
    }
  }

  /// @returns false when stopping and drained
  bool wait_for_work() {
    {
      std::unique_lock lock{mutex_};
      wake_.wait(lock, [this] { return stopping_ || waits(); });
      if (waits())
        return true;
    }
    finisher_.wait_until_idle(); // its callbacks may bring more
    std::lock_guard lock{mutex_};
    return waits();
  }

  bool waits() const { return !claims_.empty() || !others_.empty(); }

  void take_claims(request_batch& batch) {
    std::lock_guard lock{mutex_};
    std::swap(batch, claims_);
  }

  void take_others(request_batch& batch, applied_batch& next) {
    std::lock_guard lock{mutex_};
    std::size_t size = 0;
    while (!others_.empty() && size < max_batch_bytes) {
      auto& one = others_.front();
      size += one.bytes;
      if (one.new_runs > 0) {
        next.new_runs += one.new_runs;
        next.new_bytes += one.bytes;
      }
      batch.add(std::move(one.what), std::move(one.done));
      others_.pop_front();
    }
  }

  /// Applies a batch, and finishes it: here when nobody waits, which is the
  /// quickest; else beside the next one. Answers keep the order of commits: a
  /// claim's runs do not start before their enqueue is durable.
  void commit(request_batch& batch, applied_batch next) {
    if (batch.empty())
      return;
    next.begun = std::chrono::steady_clock::now();
    next.report = applier_.apply(batch, durability::async);
    next.callbacks = std::exchange(batch.callbacks, {});
    const pulse now = next.report
                          ? pulse{next.report->claimable, next.report->next_due}
                          : pulse{};
    const bool good = next.report.has_value();
    if (finisher_.idle() && (!next.sync || nobody_waits())) {
      alone_.push_back(std::move(next));
      finisher_.finish(alone_);
    } else {
      finisher_.hand_in(std::move(next));
    }
    if (good)
      applier_.beat(now);
  }

  bool nobody_waits() {
    std::lock_guard lock{mutex_};
    return !waits();
  }

  void release(const applied_batch& one) {
    if (one.new_runs == 0)
      return;
    std::lock_guard lock{mutex_};
    backlog_.release(one.new_runs, one.new_bytes,
                     std::chrono::steady_clock::now() - one.begun);
  }

  applier applier_;
  std::mutex mutex_;
  backlog backlog_;
  std::condition_variable wake_;
  request_batch claims_;
  std::deque<request> others_;
  bool stopping_ = false;
  std::vector<applied_batch> alone_; ///< for its memory
  finisher finisher_;
  std::thread thread_; ///< ends before the finisher does
};

class immediate_committer final : public commit_queue {
public:
  explicit immediate_committer(store& target) : applier_{target} {}

  void submit(any_command what, commit_callback done) override {
    {
      std::lock_guard lock{mutex_};
      waiting_.push_back({std::move(what), std::move(done)});
      if (busy_) // a callback's command: carried out by the loop below
        return;
      busy_ = true;
    }
    request_batch batch;
    while (take_one(batch)) {
      auto how = std::holds_alternative<command::claim>(batch.commands.front())
                     ? durability::async
                     : durability::sync;
      auto report = applier_.apply(batch, how);
      answer(std::exchange(batch.callbacks, {}), report);
      if (report)
        applier_.beat({report->claimable, report->next_due});
    }
  }

  void on_pulse(pulse_callback callback) override {
    applier_.on_pulse(std::move(callback));
  }

private:
  bool take_one(request_batch& batch) {
    std::lock_guard lock{mutex_};
    if (waiting_.empty()) {
      busy_ = false;
      return false;
    }
    batch.add(std::move(waiting_.front().what),
              std::move(waiting_.front().done));
    waiting_.pop_front();
    return true;
  }

  applier applier_;
  std::mutex mutex_;
  std::deque<request> waiting_;
  bool busy_ = false;
};

} // namespace

std::unique_ptr<commit_queue> make_committer(store& target,
                                             commit_limits limits) {
  return std::make_unique<committer>(target, limits);
}

std::unique_ptr<commit_queue> make_immediate_committer(store& target) {
  return std::make_unique<immediate_committer>(target);
}

} // namespace jobq
