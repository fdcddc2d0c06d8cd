#pragma once

#include <optional>

#include "extensions/executor.hpp"
#include "jobs/outcome.hpp"

namespace jobq {

/// What an attempt that was stopped for this reason comes to.
constexpr outcome_kind stopped_kind(stop_reason why) noexcept {
  switch (why) {
  case stop_reason::cancel:
  case stop_reason::terminate:
    return outcome_kind::cancelled;
  case stop_reason::timeout:
    return outcome_kind::timed_out;
  case stop_reason::shutdown:
    break;
  }
  return outcome_kind::interrupted;
}

/// What a function returned, reduced to what it may honestly claim: only the
/// executor knows why an attempt was stopped, and whether it was.
outcome honest_outcome(outcome returned, std::optional<stop_reason> stopped);

} // namespace jobq
