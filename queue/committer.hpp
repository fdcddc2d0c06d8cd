#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "jobs/error.hpp"
#include "queue/store.hpp"

namespace jobq {

/// Receives what a command came to, once its commit is durable, or why it never
/// was. Called in the order of the commits, on a thread of the committer's or
/// of whoever is in `carry_out` (or inline, for an immediate one), but for a
/// refusal as `busy`, which is told at once on the caller's: must be quick and
/// must not throw.
using commit_callback = std::function<void(result<reply>)>;

/// Called when a commit has been carried out, with the store's pulse: what is
/// submitted then comes after it.
struct pulse {
  std::optional<time_point> next_due;
};
using pulse_callback = std::function<void(const pulse&)>;

/// Work that follows from callbacks and waits for a thread to do it. A
/// committer's thread that has nothing else to do does it itself, which is
/// sooner than another can be woken. All but the destructor are called by that
/// thread, `begin` first and `end` last; they must not throw, nor wait for a
/// commit.
class follow_up {
public:
  virtual ~follow_up() = default;

  /// What comes up on this thread from now on is left to `work`.
  virtual void begin() = 0;

  /// Does a little of it.
  /// @returns whether there was any
  virtual bool work() = 0;

  /// What is left is for others to do.
  virtual void end() = 0;
};

/// Who has runs claimed as they become available.
struct claimer {
  std::string owner;               ///< that the claims name
  std::function<time_point()> now; ///< on any thread; must not throw
  /// Receives what was claimed, once its commit is done and all before it are
  /// durable, or why nothing more is. Completions are those of runs whose start
  /// deadline had passed.
  commit_callback claimed;
};

/// The one way to change a store. Thread-safe.
class commit_queue {
public:
  virtual ~commit_queue() = default;

  /// Hands in a command. Nothing is acknowledged before its commit.
  virtual void submit(any_command what, commit_callback done) = 0;

  /// As `submit`, for who would only wait: returns once `done` has been called.
  /// May be carried out on this thread, which is sooner than to wake another
  /// and be woken by it. Only where `may_wait_for_commits`.
  /// @param meanwhile if given, called before it returns: while the disk is
  ///   waited for, if another thread does that
  void carry_out(any_command what, commit_callback done,
                 const std::function<void()>& meanwhile);

  /// Sets for whom runs are claimed, in place of who was before: nothing is
  /// wanted at first.
  virtual void claim_for(claimer who) = 0;

  /// Has so many runs more claimed, now or as soon as there are any.
  virtual void want(std::uint32_t runs) = 0;

  /// Nobody wants any more runs.
  /// @param done called, as by `submit`, after all that were claimed have been
  ///   handed on
  virtual void stop_claiming(commit_callback done) = 0;

  /// Sets who hears the pulse; an empty function for nobody. Blocks until a
  /// call in progress has returned.
  virtual void on_pulse(pulse_callback callback) = 0;

  /// Sets what the committer's thread does in its spare time; null for nothing.
  /// Blocks until that thread is at none of it. One without a thread of its own
  /// has no time to spare.
  virtual void follow_up_with(std::shared_ptr<follow_up> /*what*/) {}

private:
  /// As `submit`; the caller only waits for the answer.
  virtual void submit_idly(any_command what, commit_callback done) {
    submit(std::move(what), std::move(done));
  }
};

/// Whether this thread may wait for a commit: not while it calls a callback,
/// since that might be what the commit waits for.
bool may_wait_for_commits() noexcept;

/// How much new work may wait for its commit. Beyond it an `enqueue` is refused
/// as `busy`, with a word on when to try again; what lets work end is always
/// taken. One that is larger than the bounds is taken when it is alone.
struct commit_limits {
  std::size_t runs = 100'000;
  std::size_t bytes = 64 << 20;
};

/// Group commit: one thread drains all that waits and carries it out as one
/// batch (at most about 1 MiB, and a small one first when the disk is idle). No
/// linger. A few commands are synced and answered at once; more by a second
/// thread while the first goes on with what has come meanwhile, and large
/// batches are written beside the next one too.
/// What is wanted is claimed in the same commit as what makes it available when
/// that is small. Otherwise claims go ahead of the rest in a commit of their
/// own that needs no sync. What follows from a few commands, or from a claim,
/// that were answered at once is followed up by the first thread. While that
/// has nothing to do, who waits for a small command commits it. The destructor
/// carries out what was submitted before it and joins; nobody may be in
/// `carry_out` any more.
/// @param target outlives the committer
std::unique_ptr<commit_queue> make_committer(store& target,
                                             commit_limits limits = {});

/// Carries out each command at once on the caller's thread: for tests in
/// virtual time and for programs that need no thread. Not reentrant from
/// callbacks: commands submitted by a callback are carried out after it
/// returned.
std::unique_ptr<commit_queue> make_immediate_committer(store& target);

} // namespace jobq
