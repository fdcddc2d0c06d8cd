#pragma once

#include <sys/types.h>

#include <optional>

#include "extensions/command/descriptor.hpp"
#include "extensions/command/environment.hpp"
#include "jobs/error.hpp"
#include "jobs/outcome.hpp"
#include "jobs/time.hpp"

namespace jobq {

/// A program that was started as a child, in a process group of its own.
class program {
public:
  /// Starts it. Errors name the program; `invalid_argument` and `not_found`
  /// would be the same next time, `busy` may pass.
  static result<program> start(const command_line& what,
                               const environment_map& environment,
                               const command_options& options);

  program(program&& other) noexcept;
  program& operator=(program&&) = delete;
  /// Kills the group of a program whose end was not collected.
  ~program();

  /// What the program writes to its control descriptor. Reading doesn't block.
  int control() const noexcept { return control_.get(); }
  void close_control() noexcept { control_.reset(); }
  /// Readable when the program has ended; -1 if the kernel has no such thing.
  int end_signal() const noexcept { return pidfd_.get(); }

  /// Whether the program itself has ended. Its id stays taken until `collect`,
  /// unless somebody else has collected it.
  bool has_ended() noexcept;

  /// Sends a signal to the group, while the id is taken.
  void signal(int number) const noexcept;

  /// Waits for the end. @returns nothing if somebody else has collected it, so
  /// that how it ended is not known.
  std::optional<process_end> collect() noexcept;

  /// What it used, and the children that it has waited for; once collected.
  milliseconds processor_time() const noexcept { return processor_time_; }

private:
  program(pid_t id, descriptor control, bool use_pidfd);

  pid_t id_ = -1; ///< -1: collected, here or elsewhere
  descriptor control_;
  descriptor pidfd_;
  milliseconds processor_time_{0};
};

} // namespace jobq
