#include "jobs/retry.hpp"

#include <algorithm>
#include <cmath>

namespace jobq {
namespace {

double wait_without_bounds(const backoff& policy, double failures) {
  auto base = static_cast<double>(policy.base.count());
  switch (policy.type) {
  case backoff_type::fixed:
    return base;
  case backoff_type::linear:
    return base * failures;
  case backoff_type::exponential:
    return base * std::pow(policy.factor, failures - 1);
  case backoff_type::polynomial:
    return base * std::pow(failures, policy.factor);
  }
  return base;
}

} // namespace

double spread_of(const run_id& id, std::uint32_t salt) {
  // splitmix64 over the id's random half.
  std::uint64_t x = salt;
  for (std::size_t i = 8; i < 16; ++i)
    x = (x << 8 | x >> 56) ^ id.raw()[i];
  x += 0x9e3779b97f4a7c15ULL;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
  x ^= x >> 31;
  return static_cast<double>(x >> 11) * 0x1.0p-53;
}

milliseconds next_retry(const backoff& policy, std::uint32_t failures,
                        const run_id& id) {
  auto max = static_cast<double>(policy.max.count());
  auto wait
      = std::min(max, wait_without_bounds(policy, std::max(failures, 1U)));
  auto spread = (2 * spread_of(id, failures) - 1) * policy.jitter;
  wait = std::clamp(wait * (1 + spread), 0.0, max);
  return milliseconds{std::llround(wait)};
}

} // namespace jobq
