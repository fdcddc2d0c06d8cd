#pragma once

#include <string>

#include <yaml-cpp/yaml.h>

#include "extensions/content/content_fault.hpp"
#include "jobs/error.hpp"

namespace jobq {

/// The deepest nesting of YAML that is read.
inline constexpr int max_yaml_depth = 32;

/// What a YAML text is part of.
struct yaml_origin {
  const char* name = "the file"; ///< as messages call the text
  int first_line = 1;            ///< of the file, that the text begins on
};

/// The file's line of a mark; the first line when there is none.
int line_of(const YAML::Mark& mark, const yaml_origin& origin);

/// Reads YAML that a stranger wrote: one document, a map without anchors, not
/// too deep, each field once at every depth. Lines of faults are the file's.
/// Never throws.
tl::expected<YAML::Node, content_fault> load_yaml(const std::string& yaml,
                                                  const yaml_origin& origin);

} // namespace jobq
