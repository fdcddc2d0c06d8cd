#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "jobs/source_place.hpp"

namespace jobq {

/// A folder of content files: one entry of `content_sources`
/// (docs/configuration.md).
struct content_source {
  std::string name;
  std::filesystem::path path; ///< absolute
  std::string source_id;
  std::string category_id;
  bool enabled = true;
  std::string description;
  std::vector<std::string> allowed_content_types; ///< empty: all
  bool recursive = true;
  bool override_existing = true;
  source_place place;
};

} // namespace jobq
