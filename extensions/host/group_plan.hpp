#pragma once

#include <string>
#include <vector>

#include <sys/types.h>

#include "extensions/host/control_group.hpp"

namespace jobq::hosting {

/// What limits hosts, by the names of the controllers.
inline const std::string memory_controller = "memory";
inline const std::string pids_controller = "pids";

/// The control group that a server is in.
struct group_facts {
  bool root = false;                    ///< of the whole machine
  std::vector<std::string> controllers; ///< that it has
  std::vector<std::string> enabled;     ///< that groups below it have
  std::vector<pid_t> members;
};

group_facts facts_of(const control_group& group);

/// How a server comes to groups with controllers.
struct group_plan {
  std::vector<std::string> enable; ///< these in the server's group
  /// First the server goes into a group of its own below: a group with
  /// processes can't hand controllers on.
  bool move_server = false;
  std::string missing; ///< which controllers hosts won't have, and why
};

/// The root group belongs to the machine: what it has not enabled stays so.
/// Others are changed only for a server that is alone in its group, since other
/// processes are not ours to move.
group_plan plan_for(const group_facts& facts, pid_t server);

/// Why a unit's group is not the server's to divide, or empty: by the mark that
/// systemd leaves on the group when its unit has `Delegate=yes`.
std::string why_not_delegated(const control_group& group);

} // namespace jobq::hosting
