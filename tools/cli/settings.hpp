#pragma once

#include <filesystem>

#include "jobs/config.hpp"
#include "tools/cli/arguments.hpp"

namespace jobq {

/// The configuration file that the line or the environment names.
std::filesystem::path config_file_of(const arguments& line);

/// Reads a configuration against the functions that are built in and those of
/// the libraries that it names.
config_report read_config(const std::filesystem::path& file);

/// Reads a configuration that must not have errors.
/// @returns `invalid_argument` with all of them
result<configuration> valid_config(const std::filesystem::path& file);

} // namespace jobq
