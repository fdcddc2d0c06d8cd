#pragma once

#include <signal.h>

#include <array>

namespace jobq::hosting {

/// How the calling thread and its process take signals, as it was when this was
/// made; from then on for the use of that thread.
class signal_state {
public:
  signal_state();

  /// Makes it so again: dispositions, the mask, the stack of the handlers. What
  /// was sent and not taken is dropped, as are alarms and interval timers.
  void restore();

private:
  static constexpr int signals = 32; ///< without those of real time

  std::array<struct sigaction, signals> actions_{};
  sigset_t blocked_{};
  stack_t stack_{};
};

} // namespace jobq::hosting
