#pragma once

#include <string>
#include <utility>

namespace jobq {

/// What is wrong with a file, and on which line (from 1).
struct content_fault {
  int line = 1;
  std::string reason;
};

/// Carries a fault out of the reading of one file. Who begins the reading
/// catches it and returns the fault as a value.
struct content_refusal {
  content_fault what;
};

/// Throws the fault as a `content_refusal`.
[[noreturn]] inline void refuse(int line, std::string reason) {
  throw content_refusal{{line, std::move(reason)}};
}

} // namespace jobq
