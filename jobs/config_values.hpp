#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "jobs/error.hpp"

namespace jobq {

/// `text` in double quotes for a message: at most 60 characters of it, control
/// characters as `\xNN`.
std::string quoted_for_message(std::string_view text);

/// Reads a size: a whole number of bytes, or one directly followed by `B`,
/// `KiB`, `MiB`, `GiB` or `TiB`.
/// @returns `invalid_argument` for anything else, decimal units included.
result<std::uint64_t> parse_size(std::string_view text);

/// Reads `true` or `false`, in lower, upper or title case.
result<bool> parse_boolean(std::string_view text);

/// Reads a whole number in decimal digits from `low` to `high`.
result<std::int64_t> parse_integer(std::string_view text, std::int64_t low,
                                   std::int64_t high);

/// Reads a decimal number from `low` to `high`.
result<double> parse_number(std::string_view text, double low, double high);

/// Whether `name` is 1 to 64 letters, digits, `_`, `.` or `-`.
bool is_word(std::string_view name) noexcept;

} // namespace jobq
