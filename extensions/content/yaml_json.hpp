#pragma once

#include <string>

#include <yaml-cpp/yaml.h>

namespace jobq {

/// A node as JSON. Plain scalars that read as booleans, null or short numbers
/// become these, all others strings.
std::string to_json(const YAML::Node& node);

} // namespace jobq
