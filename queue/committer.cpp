#include "queue/committer.hpp"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <thread>
#include <utility>

namespace jobq {
namespace {

struct request {
  any_command what;
  commit_callback done;
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

  void carry_out(std::vector<request>& batch, durability how) {
    if (batch.empty())
      return;
    std::vector<any_command> commands;
    commands.reserve(batch.size());
    for (auto& one : batch)
      commands.push_back(std::move(one.what));
    auto report = apply(commands, how);
    if (report && report->replies.size() != batch.size())
      report = fail(errc::internal, "the store left commands unanswered");
    for (std::size_t i = 0; i < batch.size(); ++i)
      if (batch[i].done)
        shielded([&] {
          batch[i].done(report ? std::move(report->replies[i])
                               : result<reply>{tl::unexpect, report.error()});
        });
    batch.clear();
    if (report)
      beat({report->claimable, report->next_due});
  }

  void on_pulse(pulse_callback callback) {
    std::lock_guard lock{mutex_};
    pulse_ = std::move(callback);
  }

private:
  result<commit_report> apply(const std::vector<any_command>& commands,
                              durability how) {
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
  explicit committer(store& target) :
    applier_{target}, thread_{[this] { work(); }} {}

  ~committer() override {
    {
      std::lock_guard lock{mutex_};
      stopping_ = true;
    }
    wake_.notify_one();
    thread_.join();
  }

  void submit(any_command what, commit_callback done) override {
    bool was_idle = false;
    {
      std::lock_guard lock{mutex_};
      was_idle = claims_.empty() && others_.empty();
      if (std::holds_alternative<command::claim>(what))
        claims_.push_back({std::move(what), std::move(done)});
      else
        others_.push_back({std::move(what), std::move(done)});
    }
    if (was_idle)
      wake_.notify_one();
  }

  void on_pulse(pulse_callback callback) override {
    applier_.on_pulse(std::move(callback));
  }

private:
  void work() {
    std::vector<request> batch;
    while (wait_for_work()) {
      take_claims(batch);
      applier_.carry_out(batch, durability::async);
      take_others(batch);
      applier_.carry_out(batch, durability::sync);
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

  void take_claims(std::vector<request>& batch) {
    std::lock_guard lock{mutex_};
    batch.swap(claims_);
  }

  void take_others(std::vector<request>& batch) {
    std::lock_guard lock{mutex_};
    std::size_t size = 0;
    while (!others_.empty() && size < max_batch_bytes) {
      size += std::visit(estimate{}, others_.front().what);
      batch.push_back(std::move(others_.front()));
      others_.pop_front();
    }
  }

  applier applier_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<request> claims_;
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
    std::vector<request> batch;
    while (take_one(batch)) {
      auto how = std::holds_alternative<command::claim>(batch.front().what)
                   ? durability::async
                   : durability::sync;
      applier_.carry_out(batch, how);
    }
  }

  void on_pulse(pulse_callback callback) override {
    applier_.on_pulse(std::move(callback));
  }

private:
  bool take_one(std::vector<request>& batch) {
    std::lock_guard lock{mutex_};
    if (waiting_.empty()) {
      busy_ = false;
      return false;
    }
    batch.push_back(std::move(waiting_.front()));
    waiting_.pop_front();
    return true;
  }

  applier applier_;
  std::mutex mutex_;
  std::deque<request> waiting_;
  bool busy_ = false;
};

} // namespace

std::unique_ptr<commit_queue> make_committer(store& target) {
  return std::make_unique<committer>(target);
}

std::unique_ptr<commit_queue> make_immediate_committer(store& target) {
  return std::make_unique<immediate_committer>(target);
}

} // namespace jobq
