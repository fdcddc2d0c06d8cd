#include "extensions/content/front_matter.hpp"

#include <algorithm>

namespace jobq {

namespace {

constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";

tl::unexpected<content_fault> fault(int line, std::string reason) {
  return tl::unexpected<content_fault>{{line, std::move(reason)}};
}

/// Removes and returns the first line with its end, without trailing blanks.
std::string_view take_line(std::string_view& text) {
  auto end = std::min(text.find('\n'), text.size());
  auto line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  while (!line.empty()
         && (line.back() == '\r' || line.back() == ' ' || line.back() == '\t'))
    line.remove_suffix(1);
  return line;
}

std::string with_plain_line_ends(std::string_view text) {
  std::string plain;
  plain.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i)
    if (text[i] != '\r' || i + 1 == text.size() || text[i + 1] != '\n')
      plain += text[i];
  return plain;
}

} // namespace

tl::expected<split_content, content_fault>
split_front_matter(std::string_view text) {
  if (text.starts_with(byte_order_mark))
    text.remove_prefix(byte_order_mark.size());
  if (take_line(text) != "---")
    return fault(1, "the first line must be ---, front matter is missing");
  auto rest = text;
  for (std::size_t used = 0; !rest.empty(); used = text.size() - rest.size()) {
    if (used > max_front_matter_bytes)
      return fault(1, "front matter is larger than 64 KiB or has no end");
    if (take_line(rest) != "---")
      continue;
    return split_content{with_plain_line_ends(text.substr(0, used)),
                         with_plain_line_ends(rest)};
  }
  return fault(1, "the line --- that ends the front matter is missing");
}

} // namespace jobq
