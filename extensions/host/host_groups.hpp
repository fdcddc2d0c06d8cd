#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <system_error>
#include <vector>

#include <sys/types.h>

#include "extensions/host/control_group.hpp"
#include "extensions/host/group_plan.hpp"
#include "jobs/error.hpp"
#include "jobs/time.hpp"

namespace jobq::hosting {

class host_groups;

struct group_limits {
  std::uint64_t memory = 0; ///< bytes; 0: no limit
  std::uint32_t processes = 0;
};

/// The control group of one host, from its making on. Its end kills whoever is
/// left in it, and removes it.
class host_group {
public:
  host_group(std::shared_ptr<host_groups> all, control_group group)
      : all_{std::move(all)}, group_{std::move(group)} {}
  ~host_group();
  host_group(const host_group&) = delete;
  host_group& operator=(const host_group&) = delete;

  const control_group& group() const noexcept { return group_; }

private:
  const std::shared_ptr<host_groups> all_;
  const control_group group_;
};

/// How groups are made and removed; a test does beside it what a kernel would.
struct group_directories {
  std::function<std::error_code(const std::filesystem::path&)> make;
  std::function<std::error_code(const std::filesystem::path&)> remove;
  /// What was killed may take so long to die.
  milliseconds patience{500};
};

/// mkdir and rmdir.
group_directories kernel_directories();

/// The control groups of a server's hosts: `jobq-hosts-PID` below the server's
/// own group, and in it one group per host. Thread-safe.
///
/// The directory `jobq-hosts-PID` is locked as long as its server lives, so
/// that the next server knows those that a dead one left, whatever became of
/// its process id.
class host_groups : public std::enable_shared_from_this<host_groups> {
public:
  /// Where this machine permits it. Removes what dead servers left.
  /// @returns `unsupported` with the reason why hosts get no groups
  static result<std::shared_ptr<host_groups>> find();

  /// The same below the group `own`, in which the process `server` is: it is
  /// moved to `own/server` when that brings controllers, and back at the end.
  static result<std::shared_ptr<host_groups>>
  open(const std::filesystem::path& own, pid_t server,
       group_directories directories = kernel_directories());

  ~host_groups();
  host_groups(const host_groups&) = delete;
  host_groups& operator=(const host_groups&) = delete;

  bool limits_memory() const noexcept { return memory_; }
  bool limits_processes() const noexcept { return processes_; }
  /// Which controllers hosts don't have, and why; empty: they have all.
  const std::string& missing() const noexcept { return missing_; }

  /// A new group with those limits that `limits_memory` and `limits_processes`
  /// promise.
  /// @returns `unavailable` with the reason
  result<std::unique_ptr<host_group>> add(const group_limits& limits);

private:
  friend class host_group;

  host_groups(const std::filesystem::path& own, pid_t server,
              group_directories directories);

  void remove_stale();
  result<void> open_parent();
  void take_controllers();
  bool enable(const std::vector<std::string>& controllers);
  bool move_server();
  void move_back();
  result<void> try_out();
  result<control_group> make(const std::string& name);
  /// Waits for the last of them to die, as long as `patience`.
  void kill_and_wait(const control_group& group);
  /// @returns whether it is gone now
  bool kill_and_remove(const control_group& group);
  void give_back(const control_group& group);

  const control_group own_;
  const pid_t server_;
  const group_directories directories_;
  const control_group parent_;
  int lock_ = -1;
  bool moved_ = false;
  bool memory_ = false;
  bool processes_ = false;
  std::string missing_;
  std::mutex mutex_; ///< made_, left_
  std::uint64_t made_ = 0;
  std::vector<control_group> left_; ///< to be removed when they are empty
};

} // namespace jobq::hosting
