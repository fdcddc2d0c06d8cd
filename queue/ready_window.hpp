#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "jobs/error.hpp"
#include "queue/rocksdb_database.hpp"
#include "queue/short_key.hpp"

namespace jobq {

/// The head of an ordered index, held in memory: taking the least key costs the
/// same however many there are, and no look crosses keys that were deleted at
/// the head before. Belongs to the thread that writes.
///
/// Changes are told at once, while their batch is being built, and `committed`
/// follows when they are on disk, which may be some batches later. A batch that
/// fails ends the window's use. Rows whose keys are too long for a `short_key`
/// are none of an index: they are passed over, and stay where they are.
class ready_window {
public:
  /// @param prefix of all the index's keys
  /// @param low_water no key of the index lies below it; empty: the prefix
  /// @param capacity how many keys are read at a time; up to twice as many are
  ///   held
  ready_window(const rocksdb_database& db, std::string prefix,
               std::string low_water, std::size_t capacity = 4'096);

  /// The least key, or nullptr. Valid until the next change.
  result<const short_key*> head();

  /// Takes the head out of the window. The caller decides what becomes of its
  /// key on disk; a key that stays there may come up again and has to be
  /// recognised (as a running run's is).
  void pop();

  /// Takes the head out for a while, as the key of what can't be read: nobody
  /// else is held up, and it is not forgotten.
  void set_aside();
  /// Has all that was set aside come up again.
  void bring_back();
  bool has_aside() const { return !aside_.empty(); }

  /// @param batch the number of the one that changes it
  /// @returns whether it is held, so that its turn is not far off
  bool insert(const short_key& key, std::uint64_t batch);
  void erase(const short_key& key, std::uint64_t batch);

  /// All batches up to this one are written.
  void committed(std::uint64_t batch);

  /// No key that was not popped lies below this one.
  std::string floor() const;

  /// The keys in memory, least first; all there are when `complete`.
  const std::set<short_key>& keys() const { return keys_; }
  bool complete() const { return exhausted_; }

  /// What is not in `keys` begins here, unless `complete`.
  const std::string& next() const { return next_; }

private:
  struct addition {
    short_key key;
    std::uint64_t batch;
  };

  bool covers(const short_key& key) const { return exhausted_ || key < next_; }
  result<void> refill();

  const rocksdb_database* db_;
  std::size_t capacity_;
  std::string next_; ///< everything below was read or popped
  std::string end_;
  bool exhausted_ = false; ///< the index holds nothing beyond `keys_`
  std::optional<short_key> last_popped_;
  std::uint64_t committed_ = 0;
  std::set<short_key> keys_;
  std::set<short_key> aside_;
  // At or beyond `next_`, and not as the disk says before that batch is
  // written. What was removed may still stand among what was added before.
  std::deque<addition> added_; ///< batches ascend
  std::map<short_key, std::uint64_t> removed_;
};

} // namespace jobq
