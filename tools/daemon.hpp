#pragma once

#include <filesystem>

#include "extensions/job_function.hpp"
#include "tools/exit_code.hpp"

namespace jobq {

struct daemon_options {
  std::filesystem::path config;
  std::filesystem::path data;
  log_level least = log_level::info;
};

/// Runs the server until it is told to stop: SIGTERM, SIGINT or the API. SIGHUP
/// reads the configuration again; docs/operations.md tells the rest. To be
/// called before any thread is started, since it blocks those signals.
exit_code run_daemon(const daemon_options& options);

} // namespace jobq
