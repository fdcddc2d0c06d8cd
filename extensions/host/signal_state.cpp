#include "extensions/host/signal_state.hpp"

#include <sys/time.h>

namespace jobq::hosting {

namespace {

void disarm_timers() {
  constexpr itimerval never{};
  ::setitimer(ITIMER_REAL, &never, nullptr);
  ::setitimer(ITIMER_VIRTUAL, &never, nullptr);
  ::setitimer(ITIMER_PROF, &never, nullptr);
}

bool same(const struct sigaction& one, const struct sigaction& other) {
  return one.sa_handler == other.sa_handler && one.sa_flags == other.sa_flags;
}

} // namespace

signal_state::signal_state() {
  for (int i = 1; i < signals; ++i)
    ::sigaction(i, nullptr, &actions_[static_cast<std::size_t>(i)]);
  ::sigprocmask(SIG_SETMASK, nullptr, &blocked_);
  ::sigaltstack(nullptr, &stack_);
}

void signal_state::restore() {
  disarm_timers();
  sigset_t waiting;
  ::sigpending(&waiting);
  for (int i = 1; i < signals; ++i) {
    // To ignore it is to forget it.
    if (::sigismember(&waiting, i) == 1)
      ::signal(i, SIG_IGN);
    const auto& usual = actions_[static_cast<std::size_t>(i)];
    struct sigaction now {};
    ::sigaction(i, nullptr, &now);
    if (!same(now, usual))
      ::sigaction(i, &usual, nullptr);
  }
  ::sigprocmask(SIG_SETMASK, &blocked_, nullptr);
  ::sigaltstack(&stack_, nullptr);
}

} // namespace jobq::hosting
