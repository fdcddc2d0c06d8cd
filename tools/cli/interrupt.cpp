#include "tools/cli/interrupt.hpp"

#include <csignal>

#include <atomic>

namespace jobq {

namespace {

std::atomic<bool> interrupted{false};
static_assert(std::atomic<bool>::is_always_lock_free);

// The signal's own action is back by now (SA_RESETHAND).
void note_signal(int) {
  interrupted = true;
}

} // namespace

interrupt_guard::interrupt_guard() {
  interrupted = false;
  struct sigaction action {};
  action.sa_handler = note_signal;
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

interrupt_guard::~interrupt_guard() {
  std::signal(SIGINT, SIG_DFL);
  std::signal(SIGTERM, SIG_DFL);
}

bool interrupt_guard::asked() noexcept {
  return interrupted;
}

} // namespace jobq
