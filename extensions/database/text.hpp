#pragma once

#include <string>
#include <string_view>

namespace jobq {

/// A text as a JSON string, quotation marks included. UTF-8 stays as it is.
std::string json_string(std::string_view text);

/// Whether a text is well-formed UTF-8 without NUL: what both databases hold.
bool is_storable_text(std::string_view text) noexcept;

} // namespace jobq
