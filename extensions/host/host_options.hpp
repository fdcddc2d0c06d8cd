#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include <sys/types.h>

#include "jobs/definition.hpp"
#include "jobs/error.hpp"
#include "jobs/stop_ladder.hpp"

namespace jobq {

namespace hosting {
class host_groups;
}

/// A user that job functions run as.
struct host_user {
  std::string name;
  uid_t uid = 0;
  gid_t gid = 0;
  std::string home;
};

/// Looks a user up for `scheduler.run_as`.
/// @returns `invalid_argument` when there is no such user, it is root, or this
///   process is not root and so can't become anybody
result<host_user> find_host_user(const std::string& name);

/// How job hosts are started.
struct host_options {
  std::filesystem::path program; ///< jobq-host
  std::optional<host_user> user; ///< none: the server's own
  std::uint32_t open_files = 1024;
  /// Threads and processes that one host may have beyond those that its user
  /// has when it starts, which does not bind root; in a control group all that
  /// it may have.
  std::uint32_t processes = 256;
  /// A host that has closed its connection with the server is killed unless it
  /// ends within this.
  milliseconds silence_patience{50};
  /// From the order to end until it is killed, and from the order to kill until
  /// the server does it itself.
  milliseconds kill_patience = stop_ladder::killed;
  /// Where hosts have control groups of their own; null: they have none,
  std::shared_ptr<hosting::host_groups> groups;
  std::string no_groups; ///< and this is why. `use_groups` fills in both
};

/// What a host must be for a run: runs that need the same share hosts.
struct host_profile {
  std::filesystem::path library; ///< empty: the built-in functions
  std::int64_t stamp = 0;        ///< which version of it
  std::uint64_t memory = 0;      ///< bytes of data; 0: no limit
  std::uint64_t cpu_seconds = 0; ///< 0: no limit; else the host has one run

  friend auto operator<=>(const host_profile&, const host_profile&) = default;
};

/// The profile for a job's limits. Processor time counts in whole seconds,
/// rounded up: the kernel knows no others.
host_profile profile_of(const std::filesystem::path& library,
                        std::int64_t stamp, const resource_limits& limits);

} // namespace jobq
