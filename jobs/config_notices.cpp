#include "jobs/config_notices.hpp"

#include <array>

namespace jobq {

namespace {

constexpr std::array<config_notice, 2> notices{
    {{"concurrency", "", "runs of the job are not limited by key"},
     {"rate_limit", "", "runs start as soon as a worker is free"}}};

} // namespace

std::span<const config_notice> config_notices() noexcept {
  return notices;
}

const config_notice* find_notice(std::string_view section, std::string_view key,
                                 std::string_view value) noexcept {
  for (const auto& notice : config_notices()) {
    const auto prefix = section.empty() ? 0 : section.size() + 1;
    if (notice.key.size() == prefix + key.size() && notice.key.ends_with(key)
        && notice.key.starts_with(section)
        && (prefix == 0 || notice.key[prefix - 1] == '.')
        && (notice.value.empty() || notice.value == value))
      return &notice;
  }
  return nullptr;
}

} // namespace jobq
