#pragma once

#include <string>
#include <string_view>

#include <yaml-cpp/yaml.h>

#include "extensions/core/content_file.hpp"

namespace jobq {

/// A text cut in two.
struct split_content {
  std::string front_matter; ///< begins on line 2
  std::string body;
};

/// Cuts a text at its two `---` lines; drops a BOM and makes CRLF to LF.
tl::expected<split_content, content_fault>
split_front_matter(std::string_view text);

/// Reads the YAML of a front matter: a map without anchors, not too deep, each
/// field once. Lines of faults are the file's.
tl::expected<YAML::Node, content_fault>
load_front_matter(const std::string& yaml);

/// The file's line of a node of the front matter.
int line_of(const YAML::Node& node);

/// A node as JSON. Plain scalars that read as booleans, null or short numbers
/// become these, all others strings.
std::string to_json(const YAML::Node& node);

} // namespace jobq
