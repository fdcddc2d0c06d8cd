#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace jobq {

/// A content file as a folder lists it.
struct found_file {
  std::string path;        ///< relative to the folder, `/` between parts
  std::int64_t mtime = -1; ///< ns since 1970
  std::int64_t size = -1;
};

/// What a folder holds, in the order of paths.
struct found_files {
  std::vector<found_file> files;
  /// What can't be looked at: relative path and reason.
  std::vector<std::pair<std::string, std::string>> faults;
};

/// Lists the `*.md` below a folder. Names that begin with a dot are left out.
/// Symbolic links are followed; a folder that is reached twice is listed once,
/// one that holds itself is a fault. Never throws.
found_files find_content(const std::filesystem::path& folder, bool recursive);

} // namespace jobq
