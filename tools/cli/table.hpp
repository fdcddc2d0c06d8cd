#pragma once

#include <string>
#include <vector>

#include "tools/cli/style.hpp"

namespace jobq {

struct table_cell {
  std::string text;
  tone how = tone::plain;
};

using table_row = std::vector<table_cell>;

/// Columns under headings, each as wide as its widest cell. On a terminal that
/// is too narrow the widest columns are cut, never below their heading; without
/// one nothing is. Ends with a line feed.
std::string render_table(const std::vector<std::string>& headings,
                         const std::vector<table_row>& rows, const style& look);

} // namespace jobq
