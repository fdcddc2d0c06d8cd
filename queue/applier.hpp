#pragma once

#include <cstdint>
#include <mutex>
#include <vector>

#include "queue/committer.hpp"

namespace jobq {

/// What goes into one commit.
struct request_batch {
  std::vector<any_command> commands;
  std::vector<commit_callback> callbacks; ///< one per command

  bool empty() const { return commands.empty(); }
  void add(any_command what, commit_callback done) {
    commands.push_back(std::move(what));
    callbacks.push_back(std::move(done));
  }
};

/// A store as the committers use it: what it throws is an error, and who hears
/// the pulse may change at any time.
class applier {
public:
  explicit applier(store& target) : target_{target} {}

  /// Applies the batch's commands and forgets them; the answers are left for
  /// its callbacks.
  result<commit_report> apply(request_batch& batch, durability how);

  /// As `apply`, but comes back before the batch is written.
  result<commit_report> begin(request_batch& batch);

  result<std::uint64_t> persist(std::uint64_t commit, durability how);

  void beat(const pulse& now);
  void on_pulse(pulse_callback callback);

private:
  template <class Carry>
  result<commit_report> carry_out(request_batch& batch, Carry carry);

  store& target_;
  std::mutex mutex_;
  pulse_callback pulse_;
};

/// Calls each callback with its reply, or all with the error. What one throws
/// is dropped.
void answer(const std::vector<commit_callback>& callbacks,
            result<commit_report>& report);

/// Calls one callback in the same way.
void answer(const commit_callback& callback, result<reply> came);

/// Whether this thread is in a callback.
bool answering() noexcept;

} // namespace jobq
