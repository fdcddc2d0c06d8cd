#pragma once

#include <atomic>
#include <filesystem>
#include <string>

#include "extensions/host/host_groups.hpp"

namespace jobq {

/// A directory that is removed at the end, with all that is in it.
class temporary_directory {
public:
  temporary_directory();
  ~temporary_directory();
  temporary_directory(const temporary_directory&) = delete;
  temporary_directory& operator=(const temporary_directory&) = delete;
  const std::filesystem::path& path() const { return path_; }

private:
  std::filesystem::path path_;
};

/// Plain files in the place of groups: what is written to one stays readable,
/// one word behind the other.
class fake_groups {
public:
  fake_groups();

  /// The server's own group.
  const std::filesystem::path& own() const { return own_; }
  /// Makes files as a kernel does.
  hosting::group_directories directories() const;
  static void put(const std::filesystem::path& file, const std::string& text);
  static std::string get(const std::filesystem::path& file);

  /// Whether new groups have controllers, and what they have counted.
  std::string controllers = "memory pids";
  std::string memory_events;
  std::string memory_peak;
  std::atomic<bool> hosts_can_enter = true;

private:
  temporary_directory directory_;
  std::filesystem::path own_;
};

/// A group of this kernel's, in a mount of its own where that is permitted,
/// else in one that is there. Only threads that are started after it see the
/// mount.
class real_group {
public:
  real_group();
  ~real_group();
  real_group(const real_group&) = delete;
  real_group& operator=(const real_group&) = delete;

  const std::filesystem::path& path() const { return path_; }
  /// The kernel's, on a machine that may be busy.
  static hosting::group_directories directories();
  /// Why there is none; empty: there is one.
  const std::string& why_not() const { return why_not_; }
  /// The groups below it and theirs.
  std::size_t groups() const;

private:
  std::filesystem::path mount_;
  std::filesystem::path path_;
  std::string why_not_;
};

} // namespace jobq
