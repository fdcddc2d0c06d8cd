#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "jobs/config_reader.hpp"

namespace jobq {

/// The files of a configuration, in the order in which they were read.
struct config_files {
  std::vector<std::filesystem::path> paths; ///< absolute
  std::vector<std::string> names;           ///< as messages show them
  bool complete = true; ///< every file could be read and parsed
};

/// What to do with one section of one file.
using section_visitor = std::function<void(
    const config_scope&, std::string_view key, const config_node& value)>;

/// Reads the root file and, after each file's own sections, what its `includes`
/// name, every file once. Missing files, cycles, unknown sections and files
/// that are no YAML are reported.
config_files read_config_files(const std::filesystem::path& root,
                               config_faults& faults,
                               const section_visitor& visit);

} // namespace jobq
