#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <functional>
#include <vector>

namespace jobq::hosting {

/// Calls `see` with the id of every process there is; of none when /proc can't
/// be read.
void for_each_process(const std::function<void(pid_t)>& see);

/// A process in its family.
struct kin {
  pid_t parent = 0; ///< 0: there is no such process
  bool alive = false;
};
kin kin_of(pid_t pid);

/// The processes that descend from `ancestor`, by their parents in /proc; one
/// that forks meanwhile can be missed.
std::vector<pid_t> descendants_of(pid_t ancestor);

/// Kills all that descend from this process and waits until they are gone; for
/// `patience` at most, since a process that waits for a disk can't be killed.
/// Needs PR_SET_CHILD_SUBREAPER, so that nobody escapes by losing its parent,
/// and a few descriptors.
/// @returns how many were found alive
std::size_t kill_descendants(std::chrono::milliseconds patience
                             = std::chrono::seconds{5});

/// Whether this process has a child that is alive; reaps those that are not.
bool has_children();

/// How many threads the user has in all processes, which is what RLIMIT_NPROC
/// is held against.
std::size_t threads_of_user(uid_t user);

} // namespace jobq::hosting
