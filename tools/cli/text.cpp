#include "tools/cli/text.hpp"

#include <array>
#include <utility>

namespace jobq {

namespace {

struct character {
  char32_t code = 0;
  std::size_t bytes = 1;
  bool valid = false;
};

/// The character at the beginning of `text`, which is not empty.
character first_of(std::string_view text) {
  const auto byte
      = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
  const auto lead = byte(0);
  if (lead < 0x80)
    return {lead, 1, true};
  const std::size_t size = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < size)
    return {};
  auto code = static_cast<char32_t>(lead & (0xFFU >> (size + 1)));
  for (std::size_t at = 1; at < size; ++at) {
    if ((byte(at) & 0xC0U) != 0x80U)
      return {};
    code = (code << 6U) | (byte(at) & 0x3FU);
  }
  constexpr std::array<char32_t, 5> least{0, 0, 0x80, 0x800, 0x10000};
  if (code < least[size] || code > 0x10FFFF
      || (code >= 0xD800 && code <= 0xDFFF))
    return {};
  return {code, size, true};
}

/// Whether a character moves or reorders what a terminal shows.
bool steers(char32_t code) {
  return code < 0x20 || (code >= 0x7F && code < 0xA0) || code == 0x200E
         || code == 0x200F || (code >= 0x2028 && code <= 0x202E)
         || (code >= 0x2066 && code <= 0x2069) || code == 0xFEFF;
}

std::size_t columns_of(char32_t code) {
  using range = std::pair<char32_t, char32_t>;
  constexpr std::array<range, 5> none{{{0x300, 0x36F},
                                       {0x200B, 0x200D},
                                       {0x20D0, 0x20FF},
                                       {0xFE00, 0xFE0F},
                                       {0xFE20, 0xFE2F}}};
  constexpr std::array<range, 7> wide{{{0x1100, 0x115F},
                                       {0x2E80, 0xA4CF},
                                       {0xAC00, 0xD7A3},
                                       {0xF900, 0xFAFF},
                                       {0xFE30, 0xFE6F},
                                       {0xFF00, 0xFF60},
                                       {0x1F300, 0x3FFFD}}};
  for (const auto& [first, last] : none)
    if (code >= first && code <= last)
      return 0;
  for (const auto& [first, last] : wide)
    if (code >= first && code <= last)
      return 2;
  return 1;
}

} // namespace

std::string printable(std::string_view text) {
  std::string shown;
  shown.reserve(text.size());
  while (!text.empty()) {
    const auto next = first_of(text);
    if (text[0] == '\n' || text[0] == '\t' || text[0] == '\r')
      shown += ' ';
    else if (!next.valid || steers(next.code))
      shown += '?';
    else
      shown.append(text.substr(0, next.bytes));
    text.remove_prefix(next.bytes);
  }
  return shown;
}

std::string printable_lines(std::string_view text) {
  std::string shown;
  for (;;) {
    const auto end = text.find('\n');
    shown += printable(text.substr(0, end));
    if (end == std::string_view::npos)
      return shown;
    shown += '\n';
    text.remove_prefix(end + 1);
  }
}

std::size_t display_width(std::string_view text) {
  std::size_t columns = 0;
  while (!text.empty()) {
    const auto next = first_of(text);
    columns += columns_of(next.code);
    text.remove_prefix(next.bytes);
  }
  return columns;
}

std::string cut(std::string_view text, std::size_t columns, bool unicode) {
  if (display_width(text) <= columns)
    return std::string{text};
  const std::string mark = unicode ? "…" : "..";
  const auto mark_columns = display_width(mark);
  if (columns <= mark_columns)
    return std::string(columns, '.');
  std::string kept;
  std::size_t used = mark_columns;
  while (!text.empty()) {
    const auto next = first_of(text);
    used += columns_of(next.code);
    if (used > columns)
      break;
    kept.append(text.substr(0, next.bytes));
    text.remove_prefix(next.bytes);
  }
  return kept + mark;
}

std::string padded(std::string_view text, std::size_t columns) {
  std::string wide{text};
  const auto used = display_width(text);
  if (used < columns)
    wide.append(columns - used, ' ');
  return wide;
}

std::string size_text(std::int64_t bytes) {
  constexpr std::array units{"B", "KiB", "MiB", "GiB", "TiB"};
  std::size_t unit = 0;
  auto tenths = bytes * 10;
  while (tenths >= 10240 && unit + 1 < units.size()) {
    tenths /= 1024;
    ++unit;
  }
  auto text = std::to_string(tenths / 10);
  if (unit > 0)
    text += "." + std::to_string(tenths % 10);
  return text + " " + units[unit];
}

} // namespace jobq
