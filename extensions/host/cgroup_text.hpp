#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

namespace jobq::hosting {

/// Where a cgroup2 file system is mounted.
struct cgroup_mount {
  std::string root; ///< the group at its top; `/` unless it shows a part
  std::filesystem::path point;

  friend bool operator==(const cgroup_mount&, const cgroup_mount&) = default;
};

/// The cgroup2 mounts in the text of /proc/PID/mountinfo, in its order. Those
/// of version 1 beside them (a hybrid machine) are none.
std::vector<cgroup_mount> cgroup_mounts(std::string_view mountinfo);

/// The group of version 2 in the text of /proc/PID/cgroup: what follows `0::`.
std::optional<std::string> cgroup_of(std::string_view text);

/// The directory of a group. @returns nullopt when the mount does not show it
std::optional<std::filesystem::path> directory_of(const cgroup_mount& mount,
                                                  const std::string& group);

/// What white space separates.
std::vector<std::string> words_of(std::string_view text);

/// The text of a `cgroup.procs`. 0 is a process that this one can't see.
std::vector<pid_t> pids_of(std::string_view text);

/// The number after a key in a text of lines `KEY NUMBER`, such as
/// `memory.events`; 0 when it is not there.
std::uint64_t value_of(std::string_view text, std::string_view key);

/// The part of a group's directory that belongs to a unit of systemd: up to
/// the last name that ends in `.service` or `.scope`. Empty when there is none.
std::filesystem::path unit_of(const std::filesystem::path& directory);

} // namespace jobq::hosting
