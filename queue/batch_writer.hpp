#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include <rocksdb/write_batch.h>

#include "jobs/error.hpp"
#include "queue/rocksdb_database.hpp"
#include "queue/rocksdb_store.hpp"
#include "queue/rocksdb_view.hpp"

namespace jobq {

/// What all changes are refused with once one of them has failed.
error store_failure(const error& cause);

/// A batch that is ready to be written.
struct built_batch {
  std::uint64_t number = 0; ///< one more than the batch before
  rocksdb::WriteBatch rows = rocksdb::WriteBatch{};
  view_change shown; ///< to readers, once it is written
};

/// Writes batches in their order and shows readers what they changed. Large
/// ones are written by a thread of its own while the caller builds the next.
/// Small ones are written at once by the caller: waking a thread would take
/// longer, and the next sync need not wait for it. What comes while another
/// thread writes is left to that one, or to whoever waits for it. Once one has
/// failed, none is written.
///
/// `write` and `hand_over` are called by one thread at a time, the rest by any.
class batch_writer {
public:
  /// @param db and the others outlive it
  batch_writer(rocksdb_database& db, store_view& view,
               const rocksdb_options& options);

  /// Writes what was handed over, unless a write has failed.
  ~batch_writer();

  /// An empty batch; its memory may be that of one that was written.
  built_batch make();

  /// Writes a batch behind those that were handed over.
  result<void> write(built_batch batch, bool sync);

  /// Has a batch written, perhaps later. Waits while many bytes are to be.
  void hand_over(built_batch batch);

  /// All up to this number are written.
  std::uint64_t written() const;

  /// Writes what is waiting, or waits for who does, until all up to this number
  /// are written or never will be.
  /// @returns up to which all are written
  result<std::uint64_t> wait(std::uint64_t number);

  /// As `wait`, and writes all else that is waiting and nobody is at.
  result<std::uint64_t> wait_and_write(std::uint64_t number);

  std::optional<error> failure() const;

private:
  void work();
  result<std::uint64_t> wait(std::unique_lock<std::mutex>& lock,
                             std::uint64_t number);
  void write_first(std::unique_lock<std::mutex>& lock);
  result<void> write_one(built_batch& batch, bool sync);
  void note_end(built_batch& batch, const result<void>& came);

  rocksdb_database& db_;
  store_view& view_;
  const rocksdb_options& options_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::condition_variable changed_;
  std::deque<built_batch> waiting_; ///< the first may be being written
  std::size_t waiting_bytes_ = 0;
  bool writing_ = false;
  bool hurry_ = false; ///< the thread is to write what waits
  std::vector<built_batch> spare_;
  std::uint64_t written_ = 0;
  std::optional<error> failure_;
  bool stopping_ = false;
  std::thread thread_; ///< from the first that is handed over
};

} // namespace jobq
