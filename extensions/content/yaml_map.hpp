#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <yaml-cpp/yaml.h>

#include "extensions/content/content_fault.hpp"
#include "extensions/content/yaml_load.hpp"
#include "jobs/error.hpp"

namespace jobq {

/// The fields of a map of YAML, and the lines of the file that they stand on.
/// All but `load` throw `content_refusal` for a field that is not as asked.
class yaml_map {
public:
  /// Reads a text as `load_yaml` does.
  static tl::expected<yaml_map, content_fault> load(const std::string& yaml,
                                                    const yaml_origin& origin);

  /// The line that the map begins on; of a whole file the first.
  int line() const { return line_; }

  /// The line of a field's name; the map's when there is no such field.
  int line(std::string_view name) const;

  /// Refuses a field that is none of `names`.
  void allow_only(const std::vector<std::string>& names) const;

  /// A scalar's text without blanks around it; empty when the field is absent
  /// or null.
  std::string text(const char* name) const;

  /// The same; refuses an empty one.
  std::string required(const char* name) const;

  bool boolean(const char* name, bool otherwise) const;

  /// A list of words, or one text with commas.
  std::vector<std::string> words(const char* name) const;

  /// A list of maps; refuses an empty one.
  std::vector<yaml_map> maps(const char* name) const;

  /// A list as JSON; `[]` when the field is absent or null.
  std::string list_json(const char* name) const;

  /// All fields but `known`, as JSON.
  std::string rest_json(const std::vector<std::string>& known) const;

private:
  yaml_map(YAML::Node map, const yaml_origin& origin, int line)
      : map_{std::move(map)}, origin_{origin}, line_{line} {}

  int line_at(const YAML::Node& node) const;
  void check_text(const YAML::Node& node, const char* name) const;

  YAML::Node map_;
  yaml_origin origin_;
  int line_;
};

} // namespace jobq
