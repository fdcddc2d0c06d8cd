#include "extensions/host/process_hunt.hpp"

#include <signal.h>

#include <unordered_map>
#include <utility>

#include "extensions/host/process_tree.hpp"

namespace jobq::hosting {

namespace {

/// Looks without anybody new before all are taken to be stopped. One look can
/// miss a process that ends while its child begins.
constexpr int calm_looks = 5;
/// A bomb that grows faster than it can be stopped is killed in parts.
constexpr int max_looks = 200;

} // namespace

process_hunt::process_hunt(pid_t ancestor)
    : process_hunt{ancestor, [](pid_t) { return true; }} {}

process_hunt::process_hunt(pid_t ancestor, std::function<bool(pid_t)> is_prey)
    : ancestor_{ancestor}, is_prey_{std::move(is_prey)} {}

std::size_t process_hunt::round() {
  stopped_.clear();
  // Their ids may be others' by now.
  strangers_.clear();
  int calm = 0;
  for (int look = 0; look < max_looks && calm < calm_looks; ++look)
    calm = stop_new() ? 0 : calm + 1;
  for (const auto pid : stopped_)
    ::kill(pid, SIGKILL);
  return stopped_.size();
}

/// @returns whether there was anybody new
bool process_hunt::stop_new() {
  dead_.clear();
  std::unordered_multimap<pid_t, pid_t> children;
  for_each_process([&](pid_t pid) {
    if (stopped_.contains(pid) || strangers_.contains(pid))
      return;
    const auto found = kin_of(pid);
    if (found.parent <= 0)
      return;
    if (!found.alive) {
      if (found.parent == ancestor_)
        dead_.push_back(pid);
    } else if (found.parent == ancestor_ && !is_prey_(pid)) {
      strangers_.insert(pid);
    } else {
      children.emplace(found.parent, pid);
    }
  });
  std::vector<pid_t> found{ancestor_};
  found.insert(found.end(), stopped_.begin(), stopped_.end());
  const auto known = found.size();
  for (std::size_t i = 0; i < found.size(); ++i) {
    const auto [first, last] = children.equal_range(found[i]);
    for (auto child = first; child != last; ++child) {
      ::kill(child->second, SIGSTOP);
      found.push_back(child->second);
    }
    children.erase(first, last);
  }
  stopped_.insert(found.begin() + static_cast<std::ptrdiff_t>(known),
                  found.end());
  // Who is nobody's child now may be one when its parent has ended, in the next
  // round.
  for (const auto& [parent, pid] : children)
    strangers_.insert(pid);
  return found.size() > known;
}

} // namespace jobq::hosting
