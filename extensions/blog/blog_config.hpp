#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "extensions/content/content_sync.hpp"
#include "extensions/database/database_url.hpp"

namespace blog {

/// A blog.yaml, read and checked (docs/blog.md).
struct config {
  std::filesystem::path file;                ///< absolute
  std::vector<jobq::content_source> sources; ///< the enabled ones, in order
  std::string database_url;                  ///< as written; empty: none
  int database_line = 1;                     ///< where it stands
};

/// Reads a configuration. The folders of its sources exist.
/// @param file absolute, or relative to the working directory
/// @returns `invalid_argument` for the first fault, as `path:line: reason`
jobq::result<config> read_config(const std::filesystem::path& file);

/// The database to work on: the parameter's when it is not empty, else the
/// configuration's, in which a relative path of SQLite counts from the
/// configuration's folder.
/// @returns `invalid_argument` when neither names one; holds no password
jobq::result<jobq::database_url> choose_database(const config& settings,
                                                 std::string_view parameter);

} // namespace blog
