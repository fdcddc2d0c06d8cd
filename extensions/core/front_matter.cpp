#include "extensions/core/front_matter.hpp"

#include <algorithm>
#include <cctype>
#include <set>
#include <sstream>
#include <stdexcept>

#include <yaml-cpp/eventhandler.h>

#include "extensions/core/text.hpp"

namespace jobq {

namespace {

constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";

/// The first line of a front matter is the second of its file.
constexpr int first_yaml_line = 2;

int file_line(const YAML::Mark& mark) {
  return mark.is_null() ? 1 : mark.line + first_yaml_line;
}

tl::unexpected<content_fault> fault(int line, std::string reason) {
  return tl::unexpected<content_fault>{{line, std::move(reason)}};
}

struct refused : std::runtime_error {
  refused(const YAML::Mark& mark, const std::string& reason)
      : std::runtime_error{reason}, line{file_line(mark)} {}
  int line;
};

/// Looks at the YAML before anything is built from it.
class guard final : public YAML::EventHandler {
public:
  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    no_anchor(mark, anchor);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    throw refused{mark, "YAML aliases are not allowed in front matter"};
  }
  void OnScalar(const YAML::Mark& mark, const std::string&,
                YAML::anchor_t anchor, const std::string&) override {
    no_anchor(mark, anchor);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&,
                       YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    enter(mark, anchor);
  }
  void OnSequenceEnd() override { --depth_; }
  void OnMapStart(const YAML::Mark& mark, const std::string&,
                  YAML::anchor_t anchor, YAML::EmitterStyle::value) override {
    enter(mark, anchor);
  }
  void OnMapEnd() override { --depth_; }

private:
  static void no_anchor(const YAML::Mark& mark, YAML::anchor_t anchor) {
    if (anchor)
      throw refused{mark, "YAML anchors are not allowed in front matter"};
  }
  void enter(const YAML::Mark& mark, YAML::anchor_t anchor) {
    no_anchor(mark, anchor);
    if (++depth_ > max_front_matter_depth)
      throw refused{mark, "front matter is nested too deeply"};
  }
  int depth_ = 0;
};

/// Throws for a map, at any depth, that has a field twice or a key that is no
/// word.
void check_keys(const YAML::Node& node) {
  if (node.IsSequence())
    for (const auto& each : node)
      check_keys(each);
  if (!node.IsMap())
    return;
  std::set<std::string> names;
  for (const auto& field : node) {
    const auto& key = field.first;
    if (!key.IsScalar())
      throw refused{key.Mark(), "a field's name must be a word"};
    if (!names.insert(key.Scalar()).second)
      throw refused{key.Mark(), "field \"" + key.Scalar() + "\" stands twice"};
    check_keys(field.second);
  }
}

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

/// Removes and returns the first line with its end, without trailing blanks.
std::string_view take_line(std::string_view& text) {
  auto end = std::min(text.find('\n'), text.size());
  auto line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  while (!line.empty()
         && (line.back() == '\r' || line.back() == ' ' || line.back() == '\t'))
    line.remove_suffix(1);
  return line;
}

std::string with_plain_line_ends(std::string_view text) {
  std::string plain;
  plain.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i)
    if (text[i] != '\r' || i + 1 == text.size() || text[i + 1] != '\n')
      plain += text[i];
  return plain;
}

} // namespace

int line_of(const YAML::Node& node) {
  return file_line(node.Mark());
}

tl::expected<split_content, content_fault>
split_front_matter(std::string_view text) {
  if (text.starts_with(byte_order_mark))
    text.remove_prefix(byte_order_mark.size());
  if (take_line(text) != "---")
    return fault(1, "the first line must be ---, front matter is missing");
  auto rest = text;
  for (std::size_t used = 0; !rest.empty(); used = text.size() - rest.size()) {
    if (used > max_front_matter_bytes)
      return fault(1, "front matter is larger than 64 KiB or has no end");
    if (take_line(rest) != "---")
      continue;
    return split_content{with_plain_line_ends(text.substr(0, used)),
                         with_plain_line_ends(rest)};
  }
  return fault(1, "the line --- that ends the front matter is missing");
}

tl::expected<YAML::Node, content_fault>
load_front_matter(const std::string& yaml) {
  try {
    std::istringstream input{yaml};
    YAML::Parser parser{input};
    guard looks;
    parser.HandleNextDocument(looks);
    if (parser.HandleNextDocument(looks))
      return fault(1, "front matter holds more than one YAML document");
    auto node = YAML::Load(yaml);
    if (!node.IsMap())
      return fault(first_yaml_line, "front matter must be a map of fields");
    check_keys(node);
    return node;
  } catch (const refused& error) {
    return fault(error.line, error.what());
  } catch (const YAML::Exception& error) {
    return fault(file_line(error.mark), "invalid YAML: " + error.msg);
  } catch (const std::exception& error) {
    return fault(1, std::string{"invalid YAML: "} + error.what());
  }
}

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
