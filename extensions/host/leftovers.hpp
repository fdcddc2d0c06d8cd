#pragma once

#include <poll.h>

#include <cstddef>
#include <string>
#include <vector>

#include "extensions/host/signal_state.hpp"

namespace jobq::hosting {

/// What a function may leave behind in its process, for the next one to suffer
/// from. Made before the first run, on the thread that calls functions.
class leftovers {
public:
  leftovers();

  /// After a run. Takes back what it did to signals and timers, and kills the
  /// processes that it left.
  /// @returns why this process should not be used again, or empty
  std::string found();

private:
  bool has_room_for_files();

  std::vector<pollfd> descriptors_; ///< all that there can be
  std::size_t open_ = 0;            ///< of those, at the beginning
  std::size_t threads_ = 0;
  std::size_t timers_ = 0;
  signal_state signals_;
};

} // namespace jobq::hosting
