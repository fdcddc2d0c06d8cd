#include "extensions/stop_outcome.hpp"

namespace jobq {

outcome honest_outcome(outcome returned, std::optional<stop_reason> stopped) {
  switch (returned.kind) {
  case outcome_kind::succeeded:
  case outcome_kind::failed:
  case outcome_kind::snoozed:
    return returned;
  default:
    break;
  }
  if (stopped) {
    returned.kind = stopped_kind(*stopped);
  } else {
    returned.kind = outcome_kind::failed;
    returned.error = "the function ended early although nobody had asked it to";
  }
  return returned;
}

} // namespace jobq
