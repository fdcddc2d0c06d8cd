#include "queue/run_table.hpp"

namespace jobq {

void run_table::settle(const std::vector<std::size_t>& bytes) {
  for (std::size_t i = 0; i < changed_.size(); ++i) {
    auto& [id, one] = *changed_[i];
    one.changed = false;
    held_ -= std::exchange(one.held, 0);
    if (one.running())
      continue;
    // In memory a run takes about this much beside its texts.
    const auto size = bytes[i] + sizeof(codec::stored_run);
    if (!one.stored || one.stored->run.state != run_state::available
        || !std::exchange(one.soon, false) || held_ + size > limit_) {
      entries_.erase(entries_.find(id));
      continue;
    }
    one.held = size;
    held_ += size;
  }
  changed_.clear();
}

} // namespace jobq
