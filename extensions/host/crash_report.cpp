#include "extensions/host/crash_report.hpp"

#include <execinfo.h>
#include <signal.h>
#include <unistd.h>

#include <cstring>

namespace jobq::hosting {

namespace {

constexpr int fatal[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGSYS};

int crashed_by = 0;

void say(const char* text) {
  (void)!::write(STDERR_FILENO, text, std::strlen(text));
}

void die_of(int signal) {
  ::signal(signal, SIG_DFL);
  sigset_t only;
  ::sigemptyset(&only);
  ::sigaddset(&only, signal);
  ::sigprocmask(SIG_UNBLOCK, &only, nullptr);
  ::raise(signal);
}

/// The trace needs a lock that the crash may hold.
void out_of_time(int) {
  die_of(crashed_by);
}

void handle(int signal) {
  crashed_by = signal;
  ::signal(SIGALRM, out_of_time);
  ::alarm(1);
  say("crashed: SIG");
  const char* name = ::sigabbrev_np(signal);
  say(name != nullptr ? name : "?");
  say("\n");
  // No more than fit, with long paths, into the end of the output that is kept.
  void* frames[24];
  ::backtrace_symbols_fd(frames, ::backtrace(frames, 24), STDERR_FILENO);
  die_of(signal);
}

} // namespace

void report_crashes() {
  // The first trace loads a library, which is not for a handler to do.
  void* frames[2];
  (void)::backtrace(frames, 2);
  static char stack[64 * 1024];
  stack_t own{};
  own.ss_sp = stack;
  own.ss_size = sizeof(stack);
  ::sigaltstack(&own, nullptr);
  struct sigaction action {};
  action.sa_handler = handle;
  action.sa_flags = SA_ONSTACK | SA_NODEFER;
  for (const int signal : fatal)
    ::sigaction(signal, &action, nullptr);
}

} // namespace jobq::hosting
