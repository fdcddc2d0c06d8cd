#include <deque>
#include <mutex>
#include <utility>

#include "queue/applier.hpp"
#include "queue/committer.hpp"

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

std::unique_ptr<commit_queue> make_immediate_committer(store& target) {
  return std::make_unique<immediate_committer>(target);
}

} // namespace jobq
