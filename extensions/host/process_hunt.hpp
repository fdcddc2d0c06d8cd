#pragma once

#include <sys/types.h>

#include <cstddef>
#include <functional>
#include <unordered_set>
#include <vector>

namespace jobq::hosting {

/// Kills processes that would rather fork. All are stopped first, until nobody
/// new turns up, and then killed: a stopped process neither forks nor makes
/// room for one that does.
class process_hunt {
public:
  /// Hunts all that descend from `ancestor`.
  explicit process_hunt(pid_t ancestor);

  /// Of its children only those that `is_prey`, and all that descend from them.
  process_hunt(pid_t ancestor, std::function<bool(pid_t)> is_prey);

  /// Stops those that are there now and kills them. One that ends while its
  /// child begins can be missed; another round may find the child.
  /// @returns how many there were
  std::size_t round();

  /// Those of the last round.
  const std::unordered_set<pid_t>& killed() const { return stopped_; }
  /// All children of the ancestor that were dead already, and nobody reaped.
  const std::vector<pid_t>& dead() const { return dead_; }

private:
  bool stop_new();

  const pid_t ancestor_;
  const std::function<bool(pid_t)> is_prey_;
  std::unordered_set<pid_t> stopped_;
  /// Need no second look, which makes for a quick one at the others.
  std::unordered_set<pid_t> strangers_;
  std::vector<pid_t> dead_;
};

} // namespace jobq::hosting
