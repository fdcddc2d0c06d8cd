#include "queue/committer.hpp"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <exception>
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

/// Applies a batch and answers everyone in it.
class applier {
public:
  explicit applier(store& target) : target_{target} {}

  void carry_out(request_batch& batch, durability how) {
    if (batch.empty())
      return;
    auto report = apply(batch.commands, how);
    if (report && report->replies.size() != batch.commands.size())
      report = fail(errc::internal, "the store left commands unanswered");
    for (std::size_t i = 0; i < batch.callbacks.size(); ++i)
      if (batch.callbacks[i])
        shielded([&] {
          batch.callbacks[i](report
                                 ? std::move(report->replies[i])
                                 : result<reply>{tl::unexpect, report.error()});
        });
    batch.commands.clear();
    batch.callbacks.clear();
    if (report)
      beat({report->claimable, report->next_due});
  }

  void on_pulse(pulse_callback callback) {
    std::lock_guard lock{mutex_};
    pulse_ = std::move(callback);
  }

private:
  result<commit_report> apply(std::span<any_command> commands, durability how) {
    try {
      return target_.apply(commands, how);
    } catch (const std::exception& e) {
      return fail(errc::internal, std::string{"the store threw: "} + e.what());
    } catch (...) {
      return fail(errc::internal, "the store threw");
    }
  }

  void beat(const pulse& now) {
    std::lock_guard lock{mutex_};
    if (pulse_)
      shielded([&] { pulse_(now); });
  }

  store& target_;
  std::mutex mutex_;
  pulse_callback pulse_;
};

class committer final : public commit_queue {
public:
  committer(store& target, commit_limits limits)
      : applier_{target}, backlog_{limits}, thread_{[this] { work(); }} {}

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
      was_idle = claims_.empty() && others_.empty();
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
      applier_.carry_out(batch, durability::async);
      commit_others(batch);
    }
  }

  /// @returns false when stopping and drained
  bool wait_for_work() {
    std::unique_lock lock{mutex_};
    wake_.wait(lock, [this] {
      return stopping_ || !claims_.empty() || !others_.empty();
    });
    return !claims_.empty() || !others_.empty();
  }

  void take_claims(request_batch& batch) {
    std::lock_guard lock{mutex_};
    std::swap(batch, claims_);
  }

  void commit_others(request_batch& batch) {
    const auto [runs, bytes] = take_others(batch);
    const auto begun = std::chrono::steady_clock::now();
    applier_.carry_out(batch, durability::sync);
    std::lock_guard lock{mutex_};
    backlog_.release(runs, bytes, std::chrono::steady_clock::now() - begun);
  }

  /// @returns how many new runs it took, and of how many bytes
  std::pair<std::size_t, std::size_t> take_others(request_batch& batch) {
    std::lock_guard lock{mutex_};
    std::size_t size = 0;
    std::size_t new_runs = 0;
    std::size_t new_bytes = 0;
    while (!others_.empty() && size < max_batch_bytes) {
      auto& one = others_.front();
      size += one.bytes;
      if (one.new_runs > 0) {
        new_runs += one.new_runs;
        new_bytes += one.bytes;
      }
      batch.add(std::move(one.what), std::move(one.done));
      others_.pop_front();
    }
    return {new_runs, new_bytes};
  }

  applier applier_;
  std::mutex mutex_;
  backlog backlog_;
  std::condition_variable wake_;
  request_batch claims_;
  std::deque<request> others_;
  bool stopping_ = false;
  std::thread thread_;
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
      applier_.carry_out(batch, how);
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
