#include "jobs/names.hpp"

#include <algorithm>
#include <cstddef>

namespace jobq {

namespace {

// Nothing that a person misspells is longer; it bounds the work per candidate.
constexpr std::size_t longest_word = 256;

/// Optimal string alignment distance: Levenshtein plus swapped neighbours.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1);
  std::vector<std::size_t> above(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j)
    above[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t cost = a[i - 1] == b[j - 1] ? 0 : 1;
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + cost});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        row[j] = std::min(row[j], before[j - 2] + 1);
    }
    before.swap(above);
    above.swap(row);
  }
  return above[b.size()];
}

} // namespace

bool is_job_name(std::string_view name) noexcept {
  if (name.empty() || name.size() > 64)
    return false;
  return std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'
           || c == '.' || c == '-';
  });
}

std::string closest(std::string_view word,
                    const std::vector<std::string>& candidates) {
  if (word.empty() || word.size() > longest_word)
    return {};
  std::size_t limit = std::max<std::size_t>(1, word.size() / 3);
  const std::string* best = nullptr;
  for (const auto& candidate : candidates) {
    const auto longer = std::max(word.size(), candidate.size());
    const auto shorter = std::min(word.size(), candidate.size());
    if (candidate.empty() || longer - shorter > limit)
      continue;
    const auto d = distance(word, candidate);
    // The first of several equally close ones wins.
    if (d < limit || (d == limit && !best)) {
      limit = d;
      best = &candidate;
    }
  }
  return best ? *best : std::string{};
}

std::string did_you_mean(std::string_view word,
                         const std::vector<std::string>& candidates) {
  const auto found = closest(word, candidates);
  return found.empty() ? found : ", did you mean \"" + found + "\"?";
}

} // namespace jobq
