#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "actors/time_source.hpp"
#include "jobs/run.hpp"
#include "queue/committer.hpp"

namespace jobq {

/// Where commits come back to the actors. Callbacks, on whatever thread, leave
/// what they bring here; the keeper is told once, however much there is, and
/// collects it. A pulse that asks for nothing waits for the next that does, or
/// for an answer. Thread-safe; knows nothing of actors.
class commit_desk {
public:
  /// What a ticket's command came to.
  struct answer {
    std::uint64_t ticket = 0;
    result<reply> value;
  };

  /// Everything that came in since the last time.
  struct delivery {
    std::vector<answer> answers;
    std::vector<completion> completions; ///< of all commits, by sequence
    std::optional<jobq::pulse> pulse;    ///< the latest
  };

  /// @param commits outlives the desk
  explicit commit_desk(commit_queue& commits);
  ~commit_desk();

  /// Sets how the keeper is told; an empty function for nobody.
  void on_delivery(std::function<void()> notify);

  /// Hands in a command; its answer is delivered under `ticket`.
  void submit(any_command what, std::uint64_t ticket);

  /// Hands in a command whose answer goes to `done` instead; its completions
  /// are delivered all the same, before `done` is called.
  void submit(any_command what, commit_callback done);

  /// The same, as `commit_queue::carry_out`.
  void carry_out(any_command what, commit_callback done,
                 const std::function<void()>& meanwhile);

  /// Has runs claimed for `owner` as they are wanted; they are delivered under
  /// `ticket`, and so is the reason why no more are.
  void claim_for(std::string owner, time_source now, std::uint64_t ticket);
  void want(std::uint32_t runs);

  /// Ends that; an answer under `ticket` follows the last that were claimed.
  void stop_claiming(std::uint64_t ticket);

  delivery collect();

private:
  using notification = std::shared_ptr<const std::function<void()>>;

  commit_callback deliver_under(std::uint64_t ticket);
  commit_callback deliver_before(const any_command& what, commit_callback done);
  void hear(const pulse& latest);
  void deliver(std::optional<std::uint64_t> ticket, result<reply> value);
  notification to_tell(); ///< with the lock; to be called without it

  commit_queue& commits_;
  std::mutex mutex_;
  delivery waiting_;
  bool told_ = false;
  std::optional<time_point> due_told_; ///< of the latest pulse that was told
  notification notify_;                ///< null: nobody
};

} // namespace jobq
