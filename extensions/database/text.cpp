#include "extensions/database/text.hpp"

#include <cstddef>

namespace jobq {

namespace {

constexpr std::string_view hex_digits = "0123456789abcdef";

/// Length of the UTF-8 sequence at the front of `text`; 0 when malformed.
std::size_t sequence_length(std::string_view text) {
  auto at
      = [text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  auto follows = [&](std::size_t i, unsigned low = 0x80, unsigned high = 0xbf) {
    return i < text.size() && at(i) >= low && at(i) <= high;
  };
  unsigned lead = at(0);
  if (lead < 0x80)
    return lead == 0 ? 0 : 1;
  if (lead >= 0xc2 && lead <= 0xdf)
    return follows(1) ? 2 : 0;
  if (lead >= 0xe0 && lead <= 0xef) {
    unsigned low = lead == 0xe0 ? 0xa0 : 0x80;  // no overlong form
    unsigned high = lead == 0xed ? 0x9f : 0xbf; // no surrogate
    return follows(1, low, high) && follows(2) ? 3 : 0;
  }
  if (lead >= 0xf0 && lead <= 0xf4) {
    unsigned low = lead == 0xf0 ? 0x90 : 0x80;
    unsigned high = lead == 0xf4 ? 0x8f : 0xbf; // up to U+10FFFF
    return follows(1, low, high) && follows(2) && follows(3) ? 4 : 0;
  }
  return 0;
}

} // namespace

std::string json_string(std::string_view text) {
  std::string json = "\"";
  for (char each : text) {
    auto byte = static_cast<unsigned char>(each);
    if (each == '"' || each == '\\') {
      json += '\\';
      json += each;
    } else if (each == '\n') {
      json += "\\n";
    } else if (byte < 0x20) {
      json += "\\u00";
      json += hex_digits[byte >> 4];
      json += hex_digits[byte & 0xf];
    } else {
      json += each;
    }
  }
  return json += '"';
}

bool is_storable_text(std::string_view text) noexcept {
  while (!text.empty()) {
    auto length = sequence_length(text);
    if (length == 0)
      return false;
    text.remove_prefix(length);
  }
  return true;
}

} // namespace jobq
