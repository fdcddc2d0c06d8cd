#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <unordered_map>
#include <utility>
#include <vector>

#include "queue/codec.hpp"

namespace jobq {

using shared_run = std::shared_ptr<const codec::stored_run>;

/// The run alone, which keeps what is stored beside it alive.
inline run_ptr run_of(const shared_run& stored) {
  return {stored, &stored->run};
}

/// The runs that the writer has in memory, as the batch being built sees them:
/// those that are running, those that were changed by it or by a batch that is
/// not written yet, and as many available ones as the limit allows, so that a
/// claim soon after need not read them again.
class run_table {
public:
  struct entry {
    shared_run stored;         ///< null: erased
    std::uint64_t claim = 0;   ///< the one that took it; 0: it is not running
    std::size_t held = 0;      ///< bytes counted against the limit
    std::uint64_t changed = 0; ///< by which batch last; 0: none is unsettled
    bool soon = false;         ///< a claim may want it soon

    bool running() const noexcept { return claim != 0; }
  };
  using value_type = std::pair<const run_id, entry>;

  /// @param limit bytes of available runs that are held
  explicit run_table(std::size_t limit) : limit_{limit} {}

  /// The run's entry, or nullptr. Valid until `settle`.
  entry* find(const run_id& id) {
    const auto found = entries_.find(id);
    return found == entries_.end() ? nullptr : &found->second;
  }

  bool running(const run_id& id) const {
    const auto found = entries_.find(id);
    return found != entries_.end() && found->second.running();
  }

  /// Enters a change of this batch; null erases.
  entry& change(const run_id& id, shared_run stored) {
    auto& place = *entries_.try_emplace(id).first;
    auto& one = place.second;
    one.stored = std::move(stored);
    if (std::exchange(one.changed, building_) != building_)
      changed_.push_back(&place);
    return one;
  }

  /// Enters a run that `claim` took. The batch need not write it for that.
  void start(const run_id& id, shared_run stored, std::uint64_t claim) {
    auto& one = entries_[id];
    one.stored = std::move(stored);
    one.claim = claim;
    held_ -= std::exchange(one.held, 0);
  }

  /// What this batch has changed, in the order of the first change.
  const std::vector<value_type*>& changed() const { return changed_; }

  /// The batch is built, the next one begins.
  /// @param bytes how large each changed run's record is, in their order; 0 for
  ///   an erased one
  void seal(std::vector<std::size_t> bytes);

  /// The oldest sealed batch is written: forgets what it was the last to
  /// change, but for what is running and, while there is room, what is
  /// available and may be wanted soon.
  void settle();

  auto begin() const { return entries_.begin(); }
  auto end() const { return entries_.end(); }

private:
  struct sealed {
    std::uint64_t number = 0;
    std::vector<value_type*> changed;
    std::vector<std::size_t> bytes;
  };

  const std::size_t limit_;
  std::size_t held_ = 0;
  std::unordered_map<run_id, entry> entries_;
  std::uint64_t building_ = 1;
  std::vector<value_type*> changed_;
  std::deque<sealed> sealed_;
};

} // namespace jobq
