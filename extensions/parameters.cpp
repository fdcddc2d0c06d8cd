#include "extensions/parameters.hpp"

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

bool parameter_reader::has(std::string_view name) const {
  return given_.contains(std::string{name});
}

std::string parameter_reader::text(std::string_view name) const {
  if (auto it = given_.find(std::string{name}); it != given_.end())
    return it->second;
  for (const auto& spec : function_.parameters)
    if (spec.name == name)
      return spec.default_value;
  return {};
}

std::int64_t parameter_reader::integer(std::string_view name) const {
  return read_integer(text(name)).value_or(0);
}

bool parameter_reader::boolean(std::string_view name) const {
  return read_boolean(text(name)).value_or(false);
}

} // namespace jobq
