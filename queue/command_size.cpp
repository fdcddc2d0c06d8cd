#include "queue/command_size.hpp"

#include <algorithm>

namespace jobq {
namespace {

std::size_t size_of(const run& value) {
  std::size_t size = 300;
  for (const auto& [name, text] : value.parameters)
    size += name.size() + text.size() + 8;
  for (const auto& attempt : value.attempts)
    size += 64 + attempt.outcome.message.size() + attempt.outcome.error.size();
  return size;
}

struct estimate {
  std::size_t operator()(const command::enqueue& c) const {
    std::size_t size = 0;
    for (const auto& value : c.runs)
      size += size_of(value);
    return size;
  }
  std::size_t operator()(const command::fire& c) const {
    std::size_t size = 0;
    for (const auto& decision : c.decisions)
      size += decision_size(decision);
    return size;
  }
  std::size_t operator()(const command::replay& c) const {
    std::size_t size = 0;
    for (const auto& decision : c.decisions)
      size += decision_size(decision);
    for (const auto& change : c.changes) {
      size += 200 * (change.before.size() + change.after.size());
      for (const auto& one : change.firings)
        size += 200 + size_of(one.run);
    }
    return size;
  }
  std::size_t operator()(const command::finish& c) const {
    std::size_t size = 0;
    for (const auto& one : c.ends)
      size += 500 + one->log.size() + one->attempt.outcome.message.size()
              + one->attempt.outcome.error.size();
    return size;
  }
  std::size_t operator()(const command::claim& c) const {
    return std::size_t{32} * c.limit;
  }
  std::size_t operator()(const command::promote& c) const {
    return std::size_t{400} * std::min<std::uint32_t>(c.limit, 10'000);
  }
  std::size_t operator()(const command::expire& c) const {
    return std::size_t{100} * std::min<std::uint32_t>(c.limit, 10'000);
  }
  template <class Other>
  std::size_t operator()(const Other&) const {
    return 500;
  }

private:
  static std::size_t decision_size(const tick_decision& decision) {
    std::size_t size = 100 + 80 * decision.others.size();
    for (const auto& firing : decision.firings)
      size += 80 + size_of(firing.run);
    return size;
  }
};

} // namespace

std::size_t size_of(const any_command& what) {
  return std::visit(estimate{}, what);
}

} // namespace jobq
