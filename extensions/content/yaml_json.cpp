#include "extensions/content/yaml_json.hpp"

#include <string_view>
#include <utility>

#include "extensions/database/text.hpp"

namespace jobq {

namespace {

bool is_json_number(std::string_view text) {
  auto digits = [&text] {
    std::size_t count = 0;
    while (count < text.size() && text[count] >= '0' && text[count] <= '9')
      ++count;
    bool padded = count > 1 && text[0] == '0';
    text.remove_prefix(count);
    return std::pair{count, padded};
  };
  if (text.size() > 15) // what a double holds exactly
    return false;
  if (text.starts_with('-'))
    text.remove_prefix(1);
  if (auto [count, padded] = digits(); count == 0 || padded)
    return false;
  if (text.empty())
    return true;
  if (text[0] != '.')
    return false;
  text.remove_prefix(1);
  return digits().first > 0 && text.empty();
}

std::string scalar_json(const YAML::Node& node) {
  const auto& text = node.Scalar();
  bool plain = node.Tag() == "?";
  if (plain && (text == "true" || text == "false" || is_json_number(text)))
    return text;
  return json_string(text);
}

} // namespace

std::string to_json(const YAML::Node& node) {
  if (!node.IsDefined() || node.IsNull())
    return "null";
  if (node.IsScalar())
    return scalar_json(node);
  bool map = node.IsMap();
  std::string json;
  for (const auto& each : node) {
    json += json.empty() ? "" : ",";
    if (map)
      json += json_string(each.first.Scalar()) + ":" + to_json(each.second);
    else
      json += to_json(each);
  }
  return map ? "{" + json + "}" : "[" + json + "]";
}

} // namespace jobq
