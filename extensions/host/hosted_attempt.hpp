#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "extensions/executor.hpp"
#include "extensions/host/process_executor.hpp"

namespace jobq::wire {
class Done;
class End;
class FromRunner;
} // namespace jobq::wire

namespace jobq::hosting {

/// One attempt from the server's side: what its host says becomes lines,
/// progress and, once, an outcome.
class hosted_attempt {
public:
  hosted_attempt(run what, execution_plan plan, attempt_observer observer);

  const run& what() const noexcept { return run_; }
  const execution_plan& plan() const noexcept { return plan_; }
  std::optional<stop_reason> stopping() const noexcept { return stopping_; }
  bool done() const noexcept { return done_; }

  /// The first reason stands. @returns false when it is being stopped already
  bool stop(stop_reason why);
  /// What was done to a function that did not obey, for the outcome's error.
  void forced(std::string how) { forced_ = std::move(how); }
  bool was_forced() const noexcept { return !forced_.empty(); }

  /// A line of the function's log, or its progress.
  /// @returns false once it has said more than is kept
  bool hear(const wire::FromRunner& message);
  /// Output of its processes: its lines are lines of the log, its end is kept.
  bool output(std::string_view bytes);

  /// The ways to end; the first one counts.
  void finish(const wire::Done& said);
  void finish(const wire::End* end, const std::string& misconduct);
  void finish(outcome result);

private:
  bool talkative(std::size_t bytes);
  void last_line();

  const run run_;
  const execution_plan plan_;
  attempt_observer observer_;
  std::optional<stop_reason> stopping_;
  std::string forced_;
  std::string line_; ///< begun, not ended
  std::string tail_; ///< the last of the output
  std::size_t heard_ = 0;
  bool done_ = false;
};

/// A sentence for how a host ended that nobody had asked to: `killed by signal
/// 11 (SIGSEGV)`.
std::string describe(const wire::End* end, const execution_plan& plan);

} // namespace jobq::hosting
