#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "extensions/content/content_fault.hpp"
#include "jobs/error.hpp"

namespace jobq {

/// The most bytes of a front matter.
inline constexpr std::size_t max_front_matter_bytes = 64 << 10;

/// A text cut in two.
struct split_content {
  /// The line of the file that the front matter begins on.
  static constexpr int first_yaml_line = 2;

  std::string front_matter;
  std::string body;
};

/// Cuts a text at its two `---` lines; drops a BOM and makes CRLF to LF.
tl::expected<split_content, content_fault>
split_front_matter(std::string_view text);

} // namespace jobq
