#include "queue/batch_writer.hpp"

#include <exception>
#include <utility>

#include <pthread.h>

namespace jobq {
namespace {

/// A batch from this size on is written by the thread.
constexpr std::size_t large = 64 << 10;
/// No more than about so much waits.
constexpr std::size_t most_bytes = 2 << 20;
constexpr std::size_t most_spare = 4;

} // namespace

batch_writer::batch_writer(rocksdb_database& db, store_view& view,
                           const rocksdb_options& options)
    : db_{db}, view_{view}, options_{options} {
  spare_.reserve(most_spare);
}

batch_writer::~batch_writer() {
  std::unique_lock lock{mutex_};
  stopping_ = true;
  wake_.notify_one();
  if (thread_.joinable()) {
    lock.unlock();
    thread_.join();
    return;
  }
  while (!waiting_.empty())
    write_first(lock);
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
  const auto bytes = batch.rows.GetDataSize();
  std::unique_lock lock{mutex_};
  while (waiting_bytes_ >= most_bytes)
    if (writing_)
      changed_.wait(lock);
    else
      write_first(lock);
  // Before the batch: one that is refused for want of a thread is not written.
  if (bytes >= large && !thread_.joinable())
    thread_ = std::thread{[this] { work(); }};
  waiting_bytes_ += bytes;
  waiting_.push_back(std::move(batch));
  if (bytes < large) {
    while (!waiting_.empty() && !writing_ && !hurry_)
      write_first(lock);
    return;
  }
  hurry_ = true;
  wake_.notify_one();
}

std::uint64_t batch_writer::written() const {
  std::lock_guard lock{mutex_};
  return written_;
}

result<std::uint64_t> batch_writer::wait(std::uint64_t number) {
  std::unique_lock lock{mutex_};
  return wait(lock, number);
}

result<std::uint64_t> batch_writer::wait_and_write(std::uint64_t number) {
  std::unique_lock lock{mutex_};
  const auto came = wait(lock, number);
  if (!came)
    return came;
  // Not what comes meanwhile: that could go on for ever.
  const auto last = waiting_.empty() ? written_ : waiting_.back().number;
  while (written_ < last && !failure_ && !writing_)
    write_first(lock);
  return written_;
}

result<std::uint64_t> batch_writer::wait(std::unique_lock<std::mutex>& lock,
                                         std::uint64_t number) {
  while (written_ < number && !failure_)
    if (writing_)
      changed_.wait(lock);
    else
      write_first(lock);
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
    if (waiting_.empty())
      hurry_ = false;
    wake_.wait(lock, [this] { return stopping_ || hurry_; });
    if (waiting_.empty() && stopping_)
      return;
    if (writing_)
      changed_.wait(lock);
    else if (!waiting_.empty())
      write_first(lock);
  }
}

/// Writes the batch that has waited longest, without the lock.
void batch_writer::write_first(std::unique_lock<std::mutex>& lock) {
  writing_ = true;
  auto& batch = waiting_.front(); // stays there, and counts, until it ends
  const auto bytes = batch.rows.GetDataSize();
  auto came
      = failure_ ? result<void>{tl::unexpected{*failure_}} : result<void>{};
  lock.unlock();
  if (came)
    came = write_one(batch, false);
  lock.lock();
  note_end(batch, came);
  waiting_.pop_front();
  waiting_bytes_ -= bytes;
  writing_ = false;
  changed_.notify_all();
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
  } catch (...) {
    return fail(errc::internal, "a write threw");
  }
}

/// With the lock.
void batch_writer::note_end(built_batch& batch, const result<void>& came) {
  if (came)
    written_ = batch.number;
  else if (!failure_)
    failure_ = store_failure(came.error());
  if (came && spare_.size() < most_spare
      && batch.rows.Data().capacity() <= most_bytes)
    spare_.push_back(std::move(batch));
}

error store_failure(const error& cause) {
  return {errc::store_failed,
          "the store refuses all changes until it is opened again: "
              + cause.message};
}

} // namespace jobq
