#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "jobs/error.hpp"

namespace jobq {

enum class dialect { sqlite, postgresql };

/// A database URL, taken apart.
struct database_url {
  jobq::dialect dialect = jobq::dialect::sqlite;
  std::string path;       ///< of SQLite: the file, absolute or relative
  std::string connection; ///< of PostgreSQL: the URL with a time-out added
  std::vector<std::string> secrets; ///< what must never be printed

  /// The text with every secret in it replaced by `***`.
  std::string redact(std::string text) const;

  /// The place without secrets, for messages: a path, or `host/database`.
  std::string place() const;
};

/// Reads `sqlite:////absolute/path`, `sqlite:///relative/path` (relative to the
/// working directory) or `postgresql://…` (also `postgres://…`).
/// @param name where the URL was set, as messages call it
/// @returns `invalid_argument` for any other; the message holds no password.
result<database_url> parse_database_url(std::string_view url,
                                        const std::string& name
                                        = "database.url");

} // namespace jobq
