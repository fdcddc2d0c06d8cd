#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "extensions/job_function.hpp"
#include "jobs/error.hpp"

namespace jobq::hosting {

/// What a shared library offers.
struct library_functions {
  std::string extension;
  std::string release;
  std::vector<function_entry> functions;
};

/// Opens a library (extensions/jobq_extension.h) and reads its description. The
/// library stays open until the process ends. Opening runs the library's own
/// code: for job hosts alone.
/// @returns `invalid_argument` with the path and what is wrong: no such file,
/// no
///   library, no extension, one of another version, or a broken description
result<library_functions> open_library(const std::filesystem::path& path);

} // namespace jobq::hosting
