#pragma once

#include <string>
#include <string_view>

#include "extensions/content/content_fault.hpp"
#include "jobs/content_source.hpp"
#include "jobs/error.hpp"

namespace jobq {

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

} // namespace jobq
