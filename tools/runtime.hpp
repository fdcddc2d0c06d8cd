#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "actors/engine.hpp"
#include "extensions/host/process_executor.hpp"
#include "jobs/config.hpp"
#include "jobs/error.hpp"
#include "queue/store.hpp"
#include "tools/function_catalog.hpp"

namespace jobq {

struct runtime_options {
  std::filesystem::path config; ///< the configuration file
  std::filesystem::path data;   ///< the store lies in `data/store`
  bool ticks = true;            ///< false for the CLI without a server
  logger log;
  /// Asks the program to stop; called from any thread. The server's alone: a
  /// runtime without it is no server.
  std::function<void()> on_stop;
};

/// Everything that one process needs to do jobq's work: configuration, store,
/// committer, functions, executors, engine; built in that order and taken down
/// in the reverse one. The server and the CLI without a server differ only in
/// `ticks`.
class runtime {
public:
  /// @returns `invalid_argument` with all faults of the configuration, one a
  ///   line, or what the store said.
  static result<std::unique_ptr<runtime>> open(runtime_options options);
  ~runtime();

  engine& jobs_engine();
  const store& reads() const;

  /// The functions that jobs may name; another catalog after each reload.
  std::shared_ptr<const function_catalog> functions() const;

  /// How the job hosts are, and how they are started.
  host_statistics hosts() const;
  const host_options& host_settings() const;

  /// The configuration in force; a new one after each reload.
  std::shared_ptr<const configuration> config() const;

  /// The configuration file, and what was found in it that is no error.
  const std::filesystem::path& config_file() const;
  std::vector<config_fault> warnings() const;

  const std::filesystem::path& data() const;

  /// Whether this process is the server.
  bool is_server() const noexcept;

  /// Asks the server to stop and returns at once.
  /// @returns `unavailable` when this is no server
  result<void> request_stop();

  /// Reads the configuration again. With errors nothing changes.
  /// @returns the faults found (warnings alone when it took effect), or what
  ///   the engine said
  result<std::vector<config_fault>> reload();

private:
  runtime();
  class impl;
  std::unique_ptr<impl> impl_;
};

} // namespace jobq
