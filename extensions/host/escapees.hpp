#pragma once

#include <sys/types.h>

#include <functional>

namespace jobq::hosting {

/// What a host's processes have in their environment, with the server's process
/// id: they are known by it when their family is gone.
inline constexpr const char* host_mark = "JOBQ_HOST";

/// Makes those who lose their parents children of this process, for
/// `kill_escapees` to find; else they are the machine's. For a program whose
/// only children are job hosts, or that does not wait for the others: any that
/// is dead may be reaped.
void adopt_escapees();

/// Starts a warden: `spawn` fills in its process id. Nobody takes it for one
/// who escaped. @returns what `spawn` does, 0 for success
int start_warden(const std::function<int(pid_t&)>& spawn, pid_t& pid);

/// After a warden was reaped.
void forget_warden(pid_t pid);

/// Kills and reaps those of the hosts' processes that are children of this one,
/// as of when this warden is dead, for which is waited. Children that are alive
/// and without the mark are left alone. Takes 1 s at most.
void kill_escapees(pid_t warden);

} // namespace jobq::hosting
