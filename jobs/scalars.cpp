#include "jobs/scalars.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace jobq {

std::optional<std::int64_t> read_integer(std::string_view text) noexcept {
  std::int64_t value = 0;
  auto end = text.data() + text.size();
  auto [stop, code] = std::from_chars(text.data(), end, value);
  if (code != std::errc{} || stop != end)
    return std::nullopt;
  return value;
}

std::optional<bool> read_boolean(std::string_view text) noexcept {
  constexpr std::array<std::string_view, 4> yes{"true", "yes", "on", "1"};
  constexpr std::array<std::string_view, 4> no{"false", "no", "off", "0"};
  if (std::find(yes.begin(), yes.end(), text) != yes.end())
    return true;
  if (std::find(no.begin(), no.end(), text) != no.end())
    return false;
  return std::nullopt;
}

} // namespace jobq
