#include "jobs/definition.hpp"

#include <algorithm>
#include <string_view>

namespace jobq {

namespace {

/// The fields of an expression with one space between them.
std::string with_single_spaces(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const auto begin = text.find_first_not_of(" \t", at);
    if (begin == std::string_view::npos)
      break;
    at = std::min(text.find_first_of(" \t", begin), text.size());
    if (!out.empty())
      out += ' ';
    out += text.substr(begin, at - begin);
  }
  return out;
}

} // namespace

std::string job_definition::schedule_fingerprint() const {
  if (!schedule)
    return {};
  return with_single_spaces(schedule_text) + '|' + timezone.name()
         + "|gap=" + std::string{word_of(dst_gap_words, gap)}
         + "|overlap=" + std::string{word_of(dst_overlap_words, overlap)};
}

} // namespace jobq
