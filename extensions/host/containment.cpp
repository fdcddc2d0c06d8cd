#include "extensions/host/containment.hpp"

#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <utility>

#include "extensions/host/control_group.hpp"
#include "extensions/host/host_groups.hpp"
#include "extensions/host/host_options.hpp"

namespace jobq {

namespace {

// linux/capability.h
constexpr unsigned sys_admin = 21;
constexpr unsigned sys_resource = 24;

/// Whether a host started so has more rights than RLIMIT_NPROC minds.
bool is_privileged(const host_options& options) {
  // A change of user from root gives all capabilities up.
  if (options.user && ::geteuid() == 0)
    return options.user->uid == 0;
  const hosting::control_group self{"/proc/self"};
  return outranks_process_limit(::geteuid(), self.read("status").value_or(""));
}

} // namespace

std::string_view to_string(containment::limit which) noexcept {
  switch (which) {
  case containment::limit::cgroup:
    return "cgroup";
  case containment::limit::rlimit:
    return "rlimit";
  case containment::limit::unbounded:
    break;
  }
  return "unbounded";
}

std::string_view to_string(containment::finder which) noexcept {
  return which == containment::finder::cgroup ? "cgroup" : "process_tree";
}

void use_groups(host_options& options) {
  if (auto found = hosting::host_groups::find())
    options.groups = std::move(*found);
  else
    options.no_groups = std::move(found.error().message);
}

containment containment_of(const host_options& options) {
  containment made;
  if (options.groups) {
    made.kill = containment::finder::cgroup;
    if (options.groups->limits_memory())
      made.memory = containment::limit::cgroup;
    if (options.groups->limits_processes())
      made.processes = containment::limit::cgroup;
    made.why = options.groups->missing();
  } else {
    made.why = options.no_groups;
  }
  if (made.processes == containment::limit::rlimit && is_privileged(options))
    made.processes = containment::limit::unbounded;
  return made;
}

std::string describe(const containment& what) {
  std::string text = "memory limited by ";
  text += to_string(what.memory);
  text += what.processes == containment::limit::unbounded
              ? ", processes unbounded (root is not bound by rlimits: set "
                "scheduler.run_as)"
              : ", processes limited by "
                    + std::string{to_string(what.processes)};
  text += what.kill == containment::finder::cgroup
              ? ", descendants killed by cgroup"
              : ", descendants killed by process tree";
  if (!what.why.empty())
    text += "; " + what.why;
  return text;
}

bool outranks_process_limit(uid_t user, std::string_view status) {
  if (user == 0)
    return true;
  constexpr std::string_view key = "\nCapEff:";
  const auto found = status.find(key);
  if (found == std::string_view::npos)
    return false;
  const std::string digits{status.substr(found + key.size(), 20)};
  const auto capabilities = std::strtoull(digits.c_str(), nullptr, 16);
  return (capabilities >> sys_admin & 1U) != 0
         || (capabilities >> sys_resource & 1U) != 0;
}

} // namespace jobq
