#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "queue/committer.hpp"

namespace jobq {

/// One source of new work, with a bound of its own on what it may leave
/// unacknowledged: however quick it is, there is room left for others.
/// Thread-safe.
class producer {
public:
  /// Where commands go: a commit queue's or an engine's `submit`.
  using submit_function = std::function<void(any_command, commit_callback)>;

  static constexpr commit_limits usual_limits{10'000, 8 << 20};

  explicit producer(submit_function submit,
                    commit_limits limits = usual_limits);

  /// Hands in runs. Beyond its own bounds or everyone's they are refused as
  /// `busy`, with a word on when to try again; `done` is then called inline.
  void enqueue(std::vector<run> runs, commit_callback done);

private:
  struct state;

  submit_function submit_;
  std::shared_ptr<state> state_; ///< also of the callbacks under way
};

} // namespace jobq
