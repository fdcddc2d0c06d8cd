#pragma once

#include <sys/types.h>

#include <cstddef>
#include <vector>

namespace jobq::hosting {

/// The processes that descend from `ancestor`, by their parents in /proc; one
/// that forks meanwhile can be missed.
std::vector<pid_t> descendants_of(pid_t ancestor);

/// Kills all that descend from this process and waits until they are gone; for
/// at most 5 s, since a process that waits for a disk can't be killed. Needs
/// PR_SET_CHILD_SUBREAPER, so that nobody escapes by losing its parent.
/// @returns how many were found alive
std::size_t kill_descendants();

/// Whether this process has a child that is alive; reaps those that are not.
bool has_children();

/// How many threads the user has in all processes, which is what RLIMIT_NPROC
/// is held against.
std::size_t threads_of_user(uid_t user);

} // namespace jobq::hosting
