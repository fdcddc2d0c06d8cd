#include "queue/run_table.hpp"

namespace jobq {

void run_table::seal(std::vector<std::size_t> bytes) {
  sealed_.push_back(
      {building_++, std::exchange(changed_, {}), std::move(bytes)});
}

void run_table::settle() {
  const auto batch = std::move(sealed_.front());
  sealed_.pop_front();
  for (std::size_t i = 0; i < batch.changed.size(); ++i) {
    auto& [id, one] = *batch.changed[i];
    if (one.changed != batch.number)
      continue; // a later batch will settle it
    one.changed = 0;
    held_ -= std::exchange(one.held, 0);
    if (one.running())
      continue;
    // In memory a run takes about this much beside its texts.
    const auto size = batch.bytes[i] + sizeof(codec::stored_run);
    if (!one.stored || one.stored->run.state != run_state::available
        || !std::exchange(one.soon, false) || held_ + size > limit_) {
      entries_.erase(run_id{id}); // a copy: the entry takes its own along
      continue;
    }
    one.held = size;
    held_ += size;
  }
}

} // namespace jobq
