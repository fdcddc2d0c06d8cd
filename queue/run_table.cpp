#include "queue/run_table.hpp"

namespace jobq {

namespace {

/// In memory a run takes about this much.
std::size_t size_in_memory(std::size_t record) {
  return record + sizeof(codec::stored_run);
}

} // namespace

void run_table::hold(const run_id& id, shared_run stored, std::size_t bytes) {
  const auto size = size_in_memory(bytes);
  if (held_ + size > limit_)
    return;
  auto [place, fresh] = entries_.try_emplace(id);
  if (!fresh)
    return;
  place->second.stored = std::move(stored);
  place->second.held = size;
  held_ += size;
}

void run_table::settle(const std::vector<std::size_t>& bytes) {
  for (std::size_t i = 0; i < changed_.size(); ++i) {
    auto& [id, one] = *changed_[i];
    one.changed = false;
    held_ -= std::exchange(one.held, 0);
    if (one.running())
      continue;
    const auto size = size_in_memory(bytes[i]);
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
