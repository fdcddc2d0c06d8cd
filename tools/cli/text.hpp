#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace jobq {

/// The text without what would steer a terminal: control characters and bytes
/// that are not UTF-8 become `?`, tabs and line ends a space.
std::string printable(std::string_view text);

/// As `printable`, but line ends stay: for a message of several lines.
std::string printable_lines(std::string_view text);

/// Columns that printable UTF-8 text takes on a terminal.
std::size_t display_width(std::string_view text);

/// The text, or its beginning and a mark where it takes more columns.
/// @param unicode whether the mark is `…` instead of `..`
std::string cut(std::string_view text, std::size_t columns, bool unicode);

/// The text followed by spaces up to so many columns.
std::string padded(std::string_view text, std::size_t columns);

/// A number of bytes, as `1.5 MiB`.
std::string size_text(std::int64_t bytes);

} // namespace jobq
