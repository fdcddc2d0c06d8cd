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

/// Writes batches in their order and shows readers what they changed: on the
/// caller's thread, or on one of its own while the caller builds the next. Once
/// one has failed, none is written.
///
/// `write` and `hand_over` are called by one thread, the rest by any.
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

  /// Leaves a batch to the other thread. Waits while several are with it.
  void hand_over(built_batch batch);

  /// All up to this number are written.
  std::uint64_t written() const;

  /// Waits until all up to this number are written, or never will be.
  /// @returns up to which all are written
  result<std::uint64_t> wait(std::uint64_t number) const;

  std::optional<error> failure() const;

private:
  void work();
  result<void> write_one(built_batch& batch, bool sync);
  void note_end(built_batch& batch, const result<void>& came);

  rocksdb_database& db_;
  store_view& view_;
  const rocksdb_options& options_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  mutable std::condition_variable changed_;
  std::deque<built_batch> waiting_;
  std::vector<built_batch> spare_;
  std::uint64_t written_ = 0;
  std::optional<error> failure_;
  bool stopping_ = false;
  std::thread thread_; ///< from the first that is handed over
};

} // namespace jobq
