#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "extensions/content/content_fault.hpp"
#include "jobs/error.hpp"

namespace jobq {

/// The most bytes of a file that is read.
inline constexpr std::uint64_t max_text_file_bytes = 16 << 20;

/// Reads a file whole. Refuses what is too big or no plain file.
tl::expected<std::string, content_fault>
read_text_file(const std::filesystem::path& file);

/// Why a text can't be stored: it is binary, or not UTF-8. None: it can.
/// @param expected what the text should have been, for the message
std::optional<content_fault> fault_of_text(std::string_view text,
                                           const char* expected);

} // namespace jobq
