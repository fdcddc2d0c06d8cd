#include "queue/finisher.hpp"

#include <utility>

#include <pthread.h>

namespace jobq {

finisher::finisher(applier& target, released done)
    : applier_{target}, done_{std::move(done)}, thread_{[this] { work(); }} {}

finisher::~finisher() {
  {
    std::lock_guard lock{mutex_};
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

bool finisher::idle() const {
  std::lock_guard lock{mutex_};
  return waiting_.empty() && !busy_;
}

void finisher::wait_until_idle() const {
  std::unique_lock lock{mutex_};
  rested_.wait(lock, [this] { return waiting_.empty() && !busy_; });
}

void finisher::hand_in(applied_batch batch) {
  {
    std::lock_guard lock{mutex_};
    waiting_.push_back(std::move(batch));
  }
  wake_.notify_one();
}

void finisher::finish(std::vector<applied_batch>& batches) {
  for (auto& one : batches) {
    // After one that failed nothing is acknowledged: not even what needs no
    // sync, since it may follow from what the disk did not take.
    if (!durable_ && one.report)
      one.report = tl::unexpected{durable_.error()};
    if (one.report)
      if (auto ok = persist(one); !ok)
        one.report = tl::unexpected{ok.error()};
    answer(one.callbacks, one.report);
    done_(one);
  }
  batches.clear();
}

result<void> finisher::persist(const applied_batch& one) {
  if (one.report->number <= synced_)
    return {};
  const auto came = applier_.persist(one.report->number, one.needs);
  if (!came)
    durable_ = tl::unexpected{came.error()};
  else if (one.needs == durability::sync)
    synced_ = *came;
  return durable_;
}

void finisher::work() {
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

} // namespace jobq
