#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "jobs/error.hpp"

namespace jobq {

/// Whether `name` is a job's name: `[a-z0-9_.-]{1,64}`.
bool is_job_name(std::string_view name) noexcept;

/// The candidate closest to `word` by edit distance (insertions, deletions,
/// substitutions, transpositions of neighbours), when close enough to be what
/// was meant: at most a third of the word's length, at least 1. Empty if none.
std::string closest(std::string_view word,
                    const std::vector<std::string>& candidates);

/// `, did you mean "X"?` for the closest candidate, or an empty string.
std::string did_you_mean(std::string_view word,
                         const std::vector<std::string>& candidates);

} // namespace jobq
