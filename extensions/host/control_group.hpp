#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <sys/types.h>

namespace jobq::hosting {

/// What the kernel counted of a group's memory; 0 where it does not count.
struct group_memory {
  std::uint64_t peak = 0;       ///< bytes
  std::uint64_t oom_kills = 0;  ///< processes killed for want of memory,
  std::uint64_t limit_hits = 0; ///< and how often for its own limit
};

/// A control group by its directory: what its files say and do. Holds nothing
/// open. The directory need not be there: then reading finds nothing, and
/// writing fails.
class control_group {
public:
  explicit control_group(std::filesystem::path directory)
      : directory_{std::move(directory)} {}

  const std::filesystem::path& directory() const noexcept { return directory_; }

  bool has(const std::string& file) const;
  std::optional<std::string> read(const std::string& file) const;
  /// Never makes a file.
  std::error_code write(const std::string& file, std::string_view text) const;

  /// The groups below this one, the deepest first.
  std::vector<control_group> descendants() const;

  /// The processes in this group, without those of groups below.
  std::vector<pid_t> members() const;
  /// Moves a process into this group; 0: the calling one.
  std::error_code add(pid_t process) const;
  /// Kills all processes in this group and below, at once where the kernel can
  /// (5.14), else one after the other; they may take a moment to be gone. Never
  /// the calling one.
  /// @returns how many there were
  std::size_t kill() const;

  /// Whether groups below this one have a controller.
  bool enables(const std::string& controller) const;
  std::error_code enable(const std::string& controller) const;

  /// All processes together; without swap, which would only put it off. Who
  /// uses more is killed with all others in the group.
  std::error_code limit_memory(std::uint64_t bytes) const;
  /// Processes and threads, with those of the groups below.
  std::error_code limit_processes(std::uint32_t count) const;
  group_memory memory() const;

private:
  std::vector<pid_t> all_members() const;

  std::filesystem::path directory_;
};

} // namespace jobq::hosting
