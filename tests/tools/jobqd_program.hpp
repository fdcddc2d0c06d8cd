#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include <sys/types.h>

#include <gtest/gtest.h>

#include "tests/tools/temp_dir.hpp"
#include "tools/api/json.hpp"
#include "tools/unix_socket.hpp"

namespace jobq::test {

/// The program jobqd, killed at the latest when the test ends.
class jobqd_program {
public:
  explicit jobqd_program(std::vector<std::string> arguments);
  ~jobqd_program();
  jobqd_program(const jobqd_program&) = delete;
  jobqd_program& operator=(const jobqd_program&) = delete;

  void signal(int number) const;

  /// Reads what the program says until it has said `text`, for at most 20 s.
  bool says(const std::string& text);

  /// How it ends: its exit code, or 128 and the signal.
  int end();

  const std::string& said() const { return said_; }

private:
  bool read_until(std::chrono::steady_clock::time_point deadline);

  pid_t pid_ = -1;
  bool ended_ = false;
  unique_fd output_;
  std::string said_;
  std::size_t mark_ = 0;
};

/// A configuration and a data directory for jobqd, and its API.
class jobqd_fixture : public testing::Test {
protected:
  explicit jobqd_fixture(const std::string& configuration)
      : config_{dir_.write("config.yaml", configuration)} {}

  jobqd_program start() const;

  /// The answers of the running server.
  json get(const std::string& path) const;
  json post(const std::string& path) const;

  /// Runs a job now.
  /// @returns the run's id
  std::string begin(const std::string& job) const;
  /// The run once it is in one of the final states, or after 20 s.
  json ended(const std::string& id) const;
  json run_to_end(const std::string& job) const { return ended(begin(job)); }

  temp_dir dir_;
  std::filesystem::path config_;
  std::filesystem::path data_ = dir_.path() / "data";
};

} // namespace jobq::test
