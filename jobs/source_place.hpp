#pragma once

#include <string>

namespace jobq {

/// Where in a configuration something stands. Line and column count from 1.
struct source_place {
  std::string file;
  int line = 0;
  int column = 0;

  friend bool operator==(const source_place&, const source_place&) = default;
};

} // namespace jobq
