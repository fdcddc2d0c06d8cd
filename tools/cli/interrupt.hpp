#pragma once

namespace jobq {

/// While it lives, the first SIGINT or SIGTERM only asks to stop; the second
/// ends the process. At most one at a time.
class interrupt_guard {
public:
  interrupt_guard();
  ~interrupt_guard();
  interrupt_guard(const interrupt_guard&) = delete;
  interrupt_guard& operator=(const interrupt_guard&) = delete;

  static bool asked() noexcept;
};

} // namespace jobq
