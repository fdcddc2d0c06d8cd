#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <utility>

#include "jobs/error.hpp"

namespace jobq {

/// A file descriptor that closes itself.
class unique_fd {
public:
  unique_fd() = default;
  explicit unique_fd(int fd) noexcept : fd_{fd} {}
  ~unique_fd() { reset(); }

  unique_fd(unique_fd&& other) noexcept : fd_{other.release()} {}
  unique_fd& operator=(unique_fd&& other) noexcept {
    reset(other.release());
    return *this;
  }

  int get() const noexcept { return fd_; }
  explicit operator bool() const noexcept { return fd_ >= 0; }
  int release() noexcept { return std::exchange(fd_, -1); }
  void reset(int fd = -1) noexcept;

private:
  int fd_ = -1;
};

/// Listens on a Unix socket that only its owner can reach (mode 0600). The path
/// may be longer than the 107 bytes that an address holds; its last component
/// may not. A socket that nobody listens on any more is replaced.
/// @returns `busy` when a server listens there, `already_exists` when something
///   lies there that is no socket, `io` otherwise
result<unique_fd> listen_on(const std::filesystem::path& path);

/// Connects to a Unix socket.
/// @returns `unavailable` when nobody listens there
result<unique_fd> connect_to(const std::filesystem::path& path);

/// Removes the socket's file if it is still the one that `listener` is bound
/// to.
class socket_file {
public:
  socket_file() = default;
  /// Remembers what lies at `path` now.
  explicit socket_file(std::filesystem::path path);
  void remove() const;

private:
  std::filesystem::path path_;
  std::uint64_t device_ = 0;
  std::uint64_t inode_ = 0;
};

/// The name of the user at the other end: from the kernel, not from what the
/// peer says. `uid 1234` when the user has no name.
std::string peer_user(int fd);

/// The name of the user that this process runs as.
std::string own_user();

/// Waits until `fd` is ready for one of poll's `events`, or `deadline`.
/// @returns whether it is; hang-ups and errors count as ready
bool wait_for(int fd, short events,
              std::chrono::steady_clock::time_point deadline);

/// Whether the peer has closed its end for good.
bool has_hung_up(int fd);

} // namespace jobq
