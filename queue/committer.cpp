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

std::size_t size_of(const run& value) {
  std::size_t size = 300;
  for (const auto& [name, text] : value.parameters)
    size += name.size() + text.size() + 8;
  for (const auto& attempt : value.attempts)
    size += 64 + attempt.outcome.message.size() + attempt.outcome.error.size();
  return size;
}

/// About how many bytes a command will add to its commit. A guess suffices: it
/// only bounds how long everyone waits for one commit.
struct estimate {
  std::size_t operator()(const command::enqueue& c) const {
    std::size_t size = 0;
    for (const auto& value : c.runs)
      size += size_of(value);
    return size;
  }
  std::size_t operator()(const command::fire& c) const {
    std::size_t size = 0;
    for (const auto& decision : c.decisions)
      size += decision_size(decision);
    return size;
  }
  std::size_t operator()(const command::replay& c) const {
    std::size_t size = 0;
    for (const auto& decision : c.decisions)
      size += decision_size(decision);
    for (const auto& change : c.changes) {
      size += 200 * (change.before.size() + change.after.size());
      for (const auto& one : change.firings)
        size += 200 + size_of(one.run);
    }
    return size;
  }
  std::size_t operator()(const command::finish& c) const {
    return 500 + c.log.size() + c.attempt.outcome.message.size()
           + c.attempt.outcome.error.size();
  }
  std::size_t operator()(const command::claim& c) const {
    return std::size_t{32} * c.limit;
  }
  std::size_t operator()(const command::promote& c) const {
    return std::size_t{400} * std::min<std::uint32_t>(c.limit, 10'000);
  }
  std::size_t operator()(const command::expire& c) const {
    return std::size_t{100} * std::min<std::uint32_t>(c.limit, 10'000);
  }
  template <class Other>
  std::size_t operator()(const Other&) const {
    return 500;
  }

private:
  static std::size_t decision_size(const tick_decision& decision) {
    std::size_t size = 100 + 80 * decision.others.size();
    for (const auto& firing : decision.firings)
      size += 80 + size_of(firing.run);
    return size;
  }
};

/// New work that waits for its commit: counted in when it is handed in, out
/// when it has been answered. Not thread-safe.
class backlog {
public:
  explicit backlog(commit_limits limits) : limits_{limits} {}

  /// @returns why it is refused; empty when it was counted in
  std::string admit(const request& what) {
    if (runs_ > 0
        && (runs_ + what.new_runs > limits_.runs
            || bytes_ + what.bytes > limits_.bytes))
      return std::to_string(runs_) + " runs wait for the disk; try again in "
             + std::to_string(clearing_time().count()) + " ms";
    runs_ += what.new_runs;
    bytes_ += what.bytes;
    return {};
  }

  /// @param took how long their commit took
  void release(std::size_t runs, std::size_t bytes,
               std::chrono::steady_clock::duration took) {
    runs_ -= std::min(runs_, runs);
    bytes_ -= std::min(bytes_, bytes);
    const auto ms = std::chrono::duration<double, std::milli>{took}.count();
    if (runs > 0 && ms > 0)
      per_ms_ = static_cast<double>(runs) / ms;
  }

private:
  /// Until half of what waits has gone, at the latest commit's speed.
  milliseconds clearing_time() const {
    const auto ms = static_cast<double>(runs_) / 2 / per_ms_;
    return milliseconds{
        std::clamp<std::int64_t>(static_cast<std::int64_t>(ms), 1, 10'000)};
  }

  const commit_limits limits_;
  std::size_t runs_ = 0;
  std::size_t bytes_ = 0;
  double per_ms_ = 10;
};

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
    one.bytes = std::visit(estimate{}, one.what);
    const auto* fresh = std::get_if<command::enqueue>(&one.what);
    if (fresh != nullptr)
      one.new_runs = fresh->runs.size();
    bool was_idle = false;
    std::string refusal;
    {
      std::lock_guard lock{mutex_};
      if (fresh != nullptr)
        refusal = backlog_.admit(one);
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
