#include "queue/batch_writer.hpp"

#include <exception>
#include <utility>

#include <pthread.h>

namespace jobq {
namespace {

/// Handed over and not written yet: what bounds memory.
constexpr std::size_t most_waiting = 3;

} // namespace

batch_writer::batch_writer(rocksdb_database& db, store_view& view,
                           const rocksdb_options& options)
    : db_{db}, view_{view}, options_{options} {}

batch_writer::~batch_writer() {
  {
    std::lock_guard lock{mutex_};
    stopping_ = true;
  }
  wake_.notify_one();
  if (thread_.joinable())
    thread_.join();
}

built_batch batch_writer::make() {
  std::lock_guard lock{mutex_};
  if (spare_.empty())
    return {};
  auto one = std::move(spare_.back());
  spare_.pop_back();
  return one;
}

result<void> batch_writer::write(built_batch batch, bool sync) {
  if (auto ok = wait(batch.number - 1); !ok)
    return tl::unexpected{ok.error()};
  const auto came = write_one(batch, sync);
  std::lock_guard lock{mutex_};
  note_end(batch, came);
  return came;
}

void batch_writer::hand_over(built_batch batch) {
  std::unique_lock lock{mutex_};
  changed_.wait(lock, [this] { return waiting_.size() < most_waiting; });
  waiting_.push_back(std::move(batch));
  const bool first = waiting_.size() == 1;
  lock.unlock();
  if (!thread_.joinable())
    thread_ = std::thread{[this] { work(); }};
  else if (first)
    wake_.notify_one();
}

std::uint64_t batch_writer::written() const {
  std::lock_guard lock{mutex_};
  return written_;
}

result<std::uint64_t> batch_writer::wait(std::uint64_t number) const {
  std::unique_lock lock{mutex_};
  changed_.wait(lock, [&] { return written_ >= number || failure_; });
  if (written_ < number)
    return tl::unexpected{*failure_};
  return written_;
}

std::optional<error> batch_writer::failure() const {
  std::lock_guard lock{mutex_};
  return failure_;
}

void batch_writer::work() {
  ::pthread_setname_np(::pthread_self(), "jobq.write");
  for (std::unique_lock lock{mutex_};;) {
    wake_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
    if (waiting_.empty())
      return;
    auto& batch = waiting_.front(); // stays there, and counts, until it ends
    auto came
        = failure_ ? result<void>{tl::unexpected{*failure_}} : result<void>{};
    lock.unlock();
    if (came)
      came = write_one(batch, false);
    lock.lock();
    note_end(batch, came);
    waiting_.pop_front();
    changed_.notify_all();
  }
}

result<void> batch_writer::write_one(built_batch& batch, bool sync) {
  try {
    if (options_.before_write)
      if (auto ok = options_.before_write(); !ok)
        return ok;
    if (auto status = db_.write(batch.rows, sync); !status.ok())
      return tl::unexpected{db_.error_of(status)};
    if (options_.after_write)
      options_.after_write(batch.rows.Data(), sync);
    view_.show(batch.shown);
    batch.rows.Clear();
    batch.shown = {};
    return {};
  } catch (const std::exception& e) {
    return fail(errc::internal, e.what());
  }
}

/// With the lock.
void batch_writer::note_end(built_batch& batch, const result<void>& came) {
  if (came)
    written_ = batch.number;
  else if (!failure_)
    failure_ = store_failure(came.error());
  if (came && spare_.size() < most_waiting)
    spare_.push_back(std::move(batch));
}

error store_failure(const error& cause) {
  return {errc::store_failed,
          "the store refuses all changes until it is opened again: "
              + cause.message};
}

} // namespace jobq
