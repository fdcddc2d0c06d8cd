#include "extensions/content/yaml_map.hpp"

#include <algorithm>

#include "extensions/content/yaml_json.hpp"
#include "extensions/database/text.hpp"
#include "jobs/names.hpp"
#include "jobs/scalars.hpp"

namespace jobq {

namespace {

std::string_view trimmed(std::string_view text) {
  auto blank = " \t\r\n";
  auto begin = text.find_first_not_of(blank);
  if (begin == text.npos)
    return {};
  return text.substr(begin, text.find_last_not_of(blank) - begin + 1);
}

void split(std::string_view text, std::vector<std::string>& list) {
  while (!text.empty()) {
    auto end = std::min(text.find(','), text.size());
    if (auto word = trimmed(text.substr(0, end)); !word.empty())
      list.emplace_back(word);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

} // namespace

tl::expected<yaml_map, content_fault>
yaml_map::load(const std::string& yaml, const yaml_origin& origin) {
  return load_yaml(yaml, origin).map([&origin](YAML::Node node) {
    return yaml_map{std::move(node), origin, 1};
  });
}

int yaml_map::line(std::string_view name) const {
  // The name's line: where a null value stands is not known.
  for (const auto& field : map_)
    if (field.first.Scalar() == name)
      return line_at(field.first);
  return line();
}

void yaml_map::allow_only(const std::vector<std::string>& names) const {
  for (const auto& field : map_)
    if (const auto& name = field.first.Scalar(); !contains(names, name))
      refuse(line_at(field.first),
             "unknown field \"" + name + "\"" + did_you_mean(name, names));
}

std::string yaml_map::text(const char* name) const {
  const auto node = map_[name];
  if (!node || node.IsNull())
    return {};
  if (!node.IsScalar())
    refuse(line_at(node), std::string{name} + " must be a single value");
  check_text(node, name);
  return std::string{trimmed(node.Scalar())};
}

std::string yaml_map::required(const char* name) const {
  auto value = text(name);
  if (value.empty())
    refuse(line(name), std::string{"field "} + name + " is missing");
  return value;
}

bool yaml_map::boolean(const char* name, bool otherwise) const {
  auto value = text(name);
  if (value.empty())
    return otherwise;
  auto read = read_boolean(value);
  if (!read)
    refuse(line(name),
           std::string{name} + " must be true or false, not \"" + value + "\"");
  return *read;
}

std::vector<std::string> yaml_map::words(const char* name) const {
  std::vector<std::string> list;
  const auto node = map_[name];
  if (!node || node.IsNull())
    return list;
  if (node.IsScalar()) {
    split(text(name), list);
    return list;
  }
  if (!node.IsSequence())
    refuse(line_at(node), std::string{name} + " must be a list");
  for (const auto& each : node) {
    if (!each.IsScalar())
      refuse(line_at(each), std::string{name} + " must be a list of words");
    check_text(each, name);
    list.emplace_back(trimmed(each.Scalar()));
  }
  return list;
}

std::vector<yaml_map> yaml_map::maps(const char* name) const {
  const auto node = map_[name];
  if (!node || !node.IsSequence() || node.size() == 0)
    refuse(line(name), std::string{name} + " must be a list of maps");
  std::vector<yaml_map> list;
  for (const auto& each : node) {
    if (!each.IsMap())
      refuse(line_at(each), std::string{name} + " must be a list of maps");
    list.push_back(yaml_map{each, origin_, line_at(each)});
  }
  return list;
}

std::string yaml_map::list_json(const char* name) const {
  const auto node = map_[name];
  if (!node || node.IsNull())
    return "[]";
  if (!node.IsSequence())
    refuse(line_at(node), std::string{name} + " must be a list");
  check_text(node, name);
  return to_json(node);
}

std::string yaml_map::rest_json(const std::vector<std::string>& known) const {
  YAML::Node rest{YAML::NodeType::Map};
  for (const auto& field : map_) {
    const auto& name = field.first.Scalar();
    if (contains(known, name))
      continue;
    check_text(field.first, "a field's name");
    check_text(field.second, name.c_str());
    rest[name] = field.second;
  }
  return to_json(rest);
}

int yaml_map::line_at(const YAML::Node& node) const {
  return line_of(node.Mark(), origin_);
}

/// YAML's escapes can write what UTF-8 does not hold.
void yaml_map::check_text(const YAML::Node& node, const char* name) const {
  if (node.IsScalar() && !is_storable_text(node.Scalar()))
    refuse(line_at(node),
           std::string{name} + " holds a character that can't be stored");
  if (node.IsSequence())
    for (const auto& each : node)
      check_text(each, name);
  if (node.IsMap())
    for (const auto& field : node) {
      check_text(field.first, name);
      check_text(field.second, name);
    }
}

} // namespace jobq
