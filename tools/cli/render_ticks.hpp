#pragma once

#include <cstddef>
#include <string>

#include "tools/cli/fields.hpp"
#include "tools/cli/style.hpp"

namespace jobq {

/// How many fates a strip shows.
inline constexpr std::size_t strip_length = 30;

/// `ticks`: the ledger's lines as a table.
std::string render_ticks(const json& ticks, const style& look);

/// The newest `strip_length` fates of one job as marks, oldest first.
/// @param ticks the job's lines, newest first
std::string render_strip(const json& ticks, const style& look);

/// What the marks mean, in one line.
std::string strip_legend(const style& look);

} // namespace jobq
