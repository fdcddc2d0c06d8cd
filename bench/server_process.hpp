#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include <sys/types.h>

#include "jobs/error.hpp"

namespace jobq::bench {

/// A server, jobqd, as a child of this process. It dies with this process, and
/// with this object.
class server_process {
public:
  /// Starts it and waits until it listens.
  /// @param program the file
  /// @param config the configuration's file
  /// @param data its store, socket and output lie there
  /// @returns `unavailable` with its last words when it ends instead
  static result<std::unique_ptr<server_process>>
  start(const std::filesystem::path& program,
        const std::filesystem::path& config, const std::filesystem::path& data);
  ~server_process();

  server_process(const server_process&) = delete;
  server_process& operator=(const server_process&) = delete;

  /// Asks it to stop and waits for its end.
  result<void> stop();

  const std::filesystem::path& socket() const { return socket_; }
  std::uint64_t resident() const;

private:
  server_process(pid_t pid, const std::filesystem::path& data);
  result<void> wait_until_listening();
  bool has_ended();
  std::string last_words() const;

  pid_t pid_;
  bool ended_ = false;
  std::filesystem::path socket_;
  std::filesystem::path output_;
};

} // namespace jobq::bench
