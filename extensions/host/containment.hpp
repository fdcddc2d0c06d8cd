#pragma once

#include <string>
#include <string_view>

#include <sys/types.h>

namespace jobq {

struct host_options;

/// What keeps job hosts within bounds.
struct containment {
  /// `cgroup`: all processes of a host together, by the kernel's account.
  /// `rlimit`: a limit of each process, or, for processes, of their user.
  enum class limit { cgroup, rlimit, unbounded };
  /// How the processes that a host leaves behind are found: all at once, or by
  /// their parents.
  enum class finder { cgroup, process_tree };

  limit memory = limit::rlimit;
  limit processes = limit::rlimit;
  finder kill = finder::process_tree;
  std::string why; ///< why not `cgroup` everywhere; empty when it is
};

/// The words `cgroup`, `rlimit`, `unbounded`, `process_tree`.
std::string_view to_string(containment::limit which) noexcept;
std::string_view to_string(containment::finder which) noexcept;

/// Gives hosts control groups, where this machine permits it.
void use_groups(host_options& options);

/// For hosts that are started so.
containment containment_of(const host_options& options);

/// One line for people.
std::string describe(const containment& what);

/// Whether RLIMIT_NPROC does not bind a user.
/// @param status text of /proc/PID/status: capabilities count as much as the
///   user
bool outranks_process_limit(uid_t user, std::string_view status);

} // namespace jobq
