#pragma once

#include <cstddef>
#include <set>
#include <string>

#include "jobs/error.hpp"
#include "queue/rocksdb_database.hpp"

namespace jobq {

/// The head of an ordered index, held in memory: taking the least key costs the
/// same however many there are, and no look crosses keys that were deleted at
/// the head before. Belongs to the thread that writes.
///
/// Changes are told at once, while their batch is being built, and `committed`
/// follows when they are on disk. A batch that fails ends the window's use.
class ready_window {
public:
  /// @param prefix of all the index's keys
  /// @param low_water no key of the index lies below it; empty: the prefix
  /// @param capacity how many keys are read at a time; up to twice as many are
  ///   held
  ready_window(const rocksdb_database& db, std::string prefix,
               std::string low_water, std::size_t capacity = 4'096);

  /// The least key, or nullptr. Valid until the next change.
  result<const std::string*> head();

  /// Takes the head out of the window. The caller decides what becomes of its
  /// key on disk; a key that stays there may come up again and has to be
  /// recognised (as a running run's is).
  void pop();

  /// @returns whether it is held, so that its turn is not far off
  bool insert(const std::string& key);
  void erase(const std::string& key);
  void committed();

  /// No key that was not popped lies below this one.
  std::string floor() const;

  /// The keys in memory, least first; all there are when `complete`.
  const std::set<std::string>& keys() const { return keys_; }
  bool complete() const { return exhausted_; }

  /// What is not in `keys` begins here, unless `complete`.
  const std::string& next() const { return next_; }

private:
  bool covers(const std::string& key) const {
    return exhausted_ || key < next_;
  }
  result<void> refill();

  const rocksdb_database* db_;
  std::size_t capacity_;
  std::string next_; ///< everything below was read or popped
  std::string end_;
  bool exhausted_ = false; ///< the index holds nothing beyond `keys_`
  std::string last_popped_;
  std::set<std::string> keys_;
  // Of the batch being built, at or beyond `next_`: not as the disk says.
  std::set<std::string> added_;
  std::set<std::string> removed_;
};

} // namespace jobq
