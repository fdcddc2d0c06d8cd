#include "extensions/content/yaml_load.hpp"

#include <exception>
#include <set>
#include <sstream>

#include <yaml-cpp/eventhandler.h>

namespace jobq {

namespace {

/// Looks at the YAML before anything is built from it.
class guard final : public YAML::EventHandler {
public:
  explicit guard(const yaml_origin& origin) : origin_{origin} {}

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    no_anchor(mark, anchor);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    refuse(line_of(mark, origin_),
           std::string{"YAML aliases are not allowed in "} + origin_.name);
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
  void no_anchor(const YAML::Mark& mark, YAML::anchor_t anchor) const {
    if (anchor)
      refuse(line_of(mark, origin_),
             std::string{"YAML anchors are not allowed in "} + origin_.name);
  }
  void enter(const YAML::Mark& mark, YAML::anchor_t anchor) {
    no_anchor(mark, anchor);
    if (++depth_ > max_yaml_depth)
      refuse(line_of(mark, origin_),
             std::string{origin_.name} + " is nested too deeply");
  }

  const yaml_origin& origin_;
  int depth_ = 0;
};

/// Refuses a map, at any depth, that has a field twice or a key that is no
/// word.
void check_keys(const YAML::Node& node, const yaml_origin& origin) {
  if (node.IsSequence())
    for (const auto& each : node)
      check_keys(each, origin);
  if (!node.IsMap())
    return;
  std::set<std::string> names;
  for (const auto& field : node) {
    const auto& key = field.first;
    if (!key.IsScalar())
      refuse(line_of(key.Mark(), origin), "a field's name must be a word");
    if (!names.insert(key.Scalar()).second)
      refuse(line_of(key.Mark(), origin),
             "field \"" + key.Scalar() + "\" stands twice");
    check_keys(field.second, origin);
  }
}

tl::unexpected<content_fault> fault(int line, std::string reason) {
  return tl::unexpected<content_fault>{{line, std::move(reason)}};
}

} // namespace

int line_of(const YAML::Mark& mark, const yaml_origin& origin) {
  return mark.is_null() ? 1 : mark.line + origin.first_line;
}

tl::expected<YAML::Node, content_fault> load_yaml(const std::string& yaml,
                                                  const yaml_origin& origin) {
  std::string name = origin.name;
  try {
    std::istringstream input{yaml};
    YAML::Parser parser{input};
    guard looks{origin};
    parser.HandleNextDocument(looks);
    if (parser.HandleNextDocument(looks))
      return fault(1, name + " holds more than one YAML document");
    auto node = YAML::Load(yaml);
    if (!node.IsMap())
      return fault(origin.first_line, name + " must be a map of fields");
    check_keys(node, origin);
    return node;
  } catch (const content_refusal& refused) {
    return tl::unexpected{refused.what};
  } catch (const YAML::Exception& error) {
    return fault(line_of(error.mark, origin), "invalid YAML: " + error.msg);
  } catch (const std::exception& error) {
    return fault(1, std::string{"invalid YAML: "} + error.what());
  }
}

} // namespace jobq
