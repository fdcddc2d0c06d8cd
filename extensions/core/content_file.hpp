#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "extensions/core/database_url.hpp"
#include "jobs/config.hpp"

namespace jobq {

/// Bounds of a content file; what goes beyond is a fault of that file.
inline constexpr std::uint64_t max_content_bytes = 16 << 20;
inline constexpr std::size_t max_front_matter_bytes = 64 << 10;
inline constexpr int max_front_matter_depth = 32;

/// What is wrong with a file, and on which line (from 1).
struct content_fault {
  int line = 1;
  std::string reason;
};

/// A content file, read and checked: every stored field.
struct content_document {
  std::string slug;
  std::string locale = "en";
  std::string title;
  std::string description;
  std::string body; ///< with `\n` line ends
  std::string author;
  std::string published_at; ///< UTC with milliseconds
  std::string keywords;     ///< separated by `, `
  std::string kind;
  std::string image;       ///< empty: none
  std::string category_id; ///< empty: none
  bool is_public = true;
  std::string links = "[]";    ///< JSON
  std::string tags = "[]";     ///< JSON
  std::string metadata = "{}"; ///< JSON of the fields not named above
  std::string file_path;       ///< relative to the source's path

  /// SHA-256 of all of the above.
  std::string version_hash() const;
};

/// Reads the text of a file: front matter and body. Never throws; bounded in
/// time and memory whatever the text.
tl::expected<content_document, content_fault>
parse_content(std::string_view text, const content_source& source,
              const std::string& file_path);

/// Reads a file whole. Refuses what is too big or no plain file.
tl::expected<std::string, content_fault>
read_content_file(const std::filesystem::path& file);

} // namespace jobq
