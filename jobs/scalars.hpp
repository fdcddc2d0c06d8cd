#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace jobq {

/// Reads a whole decimal number that fits 64 bits, a leading `-` allowed.
std::optional<std::int64_t> read_integer(std::string_view text) noexcept;

/// Reads `true false yes no on off 1 0`, in lower case.
std::optional<bool> read_boolean(std::string_view text) noexcept;

} // namespace jobq
