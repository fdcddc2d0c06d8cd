#include "queue/rocksdb_writer.hpp"

/// What becomes of runs that can't be read, and of commands that can't go on.
namespace jobq {

void rocksdb_writer::note_unread(const run_id& id, const error& why) {
  unread_.push_back({why.code, "run " + id.to_string()
                                   + " can't be read, and is passed over for "
                                     "now: "
                                   + why.message});
}

void rocksdb_writer::pass_over(ready_window& window, const run_id& id,
                               const error& why) {
  note_unread(id, why);
  window.set_aside();
  aside_.insert(&window);
  retry_later();
}

/// Has all of it tried again, some time from the first.
void rocksdb_writer::retry_later() {
  if (!retry_unread_at_)
    retry_unread_at_ = batch_begun_ + options_.retry_unread;
}

void rocksdb_writer::bring_back() {
  if (!retry_unread_at_ || batch_begun_ < *retry_unread_at_)
    return;
  retry_unread_at_.reset();
  for (auto* window : std::exchange(aside_, {}))
    window->bring_back();
  for (auto* owner : std::exchange(unreleased_, {})) {
    touch(*owner);
    owner->may_have_parked = true;
    release_next(*owner);
  }
}

/// How much this batch has so far.
std::size_t rocksdb_writer::batch_size() const {
  return batch_.rows.Count() + known_.changed().size();
}

/// A command that can't be carried out is refused alone, unless part of it was
/// done already: then its batch must not be written.
/// @param size_before of the batch, when the command was begun
tl::unexpected<error> rocksdb_writer::give_up(error why,
                                              std::size_t size_before) {
  if (batch_size() != size_before)
    half_done_ = why;
  return tl::unexpected{std::move(why)};
}

} // namespace jobq
