#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "extensions/host/host_options.hpp"
#include "extensions/job_function.hpp"
#include "jobs/error.hpp"

namespace jobq {

/// What a library said of itself in a job host.
struct learned_library {
  std::filesystem::path path;
  std::string extension;
  std::string release;
  std::vector<function_entry> functions; ///< without `call`
};

/// Opens a library in a job host of its own and asks what it offers. Blocks
/// until it has answered.
/// @returns `invalid_argument` with the path and why the library can't be used:
///   what open_library says, that it crashed while it was opened, or that it
///   did not answer within `patience`; `unavailable` when no host can be
///   started
result<learned_library> learn_library(const host_options& options,
                                      const std::filesystem::path& path,
                                      milliseconds patience = seconds{10});

} // namespace jobq
