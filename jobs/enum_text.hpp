#pragma once

#include <array>
#include <optional>
#include <string_view>
#include <utility>

namespace jobq {

/// The words of an enum: one table serves printing, parsing and suggestions.
template <class Enum, std::size_t Size>
using enum_words = std::array<std::pair<Enum, std::string_view>, Size>;

template <class Enum, std::size_t Size>
constexpr std::string_view word_of(const enum_words<Enum, Size>& words,
                                   Enum value) noexcept {
  for (const auto& [candidate, word] : words)
    if (candidate == value)
      return word;
  return "?";
}

template <class Enum, std::size_t Size>
constexpr std::optional<Enum> value_of(const enum_words<Enum, Size>& words,
                                       std::string_view word) noexcept {
  for (const auto& [value, candidate] : words)
    if (candidate == word)
      return value;
  return std::nullopt;
}

} // namespace jobq
