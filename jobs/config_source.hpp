#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

namespace jobq {

/// The largest configuration file that is read.
inline constexpr std::size_t max_config_bytes = std::size_t{16} << 20;

/// Why a text could not be used, and where in it. Line and byte column count
/// from 1.
struct text_fault {
  int line = 1;
  int column = 1;
  std::string message;
};

/// Reads a whole text file. Never waits: a FIFO or a device is a fault, and so
/// is a directory, a file over `max_config_bytes` and what `check_text` finds.
/// @returns the text without a byte order mark.
tl::expected<std::string, text_fault>
read_config_text(const std::filesystem::path& file);

/// Whether `text` is UTF-8 without NUL bytes and with line feeds at its line
/// ends. The message of the first fault is empty when all is well.
text_fault check_text(std::string_view text);

} // namespace jobq
