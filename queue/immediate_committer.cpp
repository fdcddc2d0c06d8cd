#include <deque>
#include <mutex>
#include <utility>

#include "queue/applier.hpp"
#include "queue/committer.hpp"
#include "queue/standing_claim.hpp"

namespace jobq {
namespace {

struct request {
  any_command what;
  commit_callback done;
};

class immediate_committer final : public commit_queue {
public:
  explicit immediate_committer(store& target) : applier_{target} {}

  void submit(any_command what, commit_callback done) override {
    {
      std::lock_guard lock{mutex_};
      waiting_.push_back({std::move(what), std::move(done)});
    }
    work();
  }

  void claim_for(claimer who) override {
    std::lock_guard lock{mutex_};
    standing_.begin(std::move(who));
  }

  void want(std::uint32_t runs) override {
    {
      std::lock_guard lock{mutex_};
      standing_.want(runs);
    }
    work();
  }

  void stop_claiming(commit_callback done) override {
    {
      std::lock_guard lock{mutex_};
      standing_.end();
    }
    submit(barrier(), std::move(done));
  }

  void on_pulse(pulse_callback callback) override {
    applier_.on_pulse(std::move(callback));
  }

private:
  void work() {
    {
      std::lock_guard lock{mutex_};
      if (busy_) // by a callback: the loop below will see to it
        return;
      busy_ = true;
    }
    request_batch batch;
    std::optional<standing_claim::order> claim;
    while (take_one(batch, claim)) {
      if (claim)
        batch.add(claim->command(), claim->who->claimed);
      auto report
          = applier_.apply(batch, claim ? durability::async : durability::sync);
      bool tell = true;
      {
        std::lock_guard lock{mutex_};
        tell = standing_.settle(claim, report);
      }
      const auto callbacks = std::exchange(batch.callbacks, {});
      if (tell)
        answer(callbacks, report);
      if (report)
        applier_.beat({report->next_due});
    }
  }

  /// @param claim set if it is one, which is left to be added
  bool take_one(request_batch& batch,
                std::optional<standing_claim::order>& claim) {
    std::lock_guard lock{mutex_};
    claim = standing_.open() ? standing_.next() : std::nullopt;
    if (claim)
      return true;
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
  standing_claim standing_;
  bool busy_ = false;
};

} // namespace

std::unique_ptr<commit_queue> make_immediate_committer(store& target) {
  return std::make_unique<immediate_committer>(target);
}

} // namespace jobq
