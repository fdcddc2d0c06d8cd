#include "extensions/host/group_plan.hpp"

#include <sys/xattr.h>

#include <algorithm>

#include "extensions/host/cgroup_text.hpp"

namespace jobq::hosting {

namespace {

bool holds(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

void add_reason(std::string& text, const std::string& controller,
                const std::string& why) {
  text += (text.empty() ? "" : "; ") + ("no controller " + controller) + ": "
          + why;
}

bool is_marked(const std::filesystem::path& directory, const char* name) {
  char value = 0;
  return ::getxattr(directory.c_str(), name, &value, 1) == 1 && value == '1';
}

} // namespace

group_facts facts_of(const control_group& group) {
  group_facts made;
  // A namespace's root has a type, the machine's has none.
  made.root = !group.has("cgroup.type");
  made.controllers = words_of(group.read("cgroup.controllers").value_or(""));
  made.enabled = words_of(group.read("cgroup.subtree_control").value_or(""));
  made.members = group.members();
  return made;
}

group_plan plan_for(const group_facts& facts, pid_t server) {
  group_plan made;
  const bool alone
      = facts.members.empty() || facts.members == std::vector<pid_t>{server};
  for (const auto& each : {memory_controller, pids_controller}) {
    if (holds(facts.enabled, each))
      continue;
    if (!holds(facts.controllers, each))
      add_reason(made.missing, each, "the server's control group lacks it");
    else if (facts.root)
      add_reason(made.missing, each,
                 "it is not enabled below the root control group");
    else if (!alone)
      add_reason(made.missing, each,
                 "other processes share the server's control group");
    else
      made.enable.push_back(each);
  }
  made.move_server = !made.enable.empty() && !facts.members.empty();
  return made;
}

std::string why_not_delegated(const control_group& group) {
  const auto unit = unit_of(group.directory());
  // The second mark is for those who may not read the first.
  if (unit.empty() || is_marked(unit, "trusted.delegate")
      || is_marked(unit, "user.delegate"))
    return {};
  return unit.filename().string()
         + " does not delegate its control group (Delegate=yes)";
}

} // namespace jobq::hosting
