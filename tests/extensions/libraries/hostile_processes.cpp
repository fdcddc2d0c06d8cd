#include "tests/extensions/libraries/hostile_processes.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <string>

namespace hostile {

namespace {

/// Never the same process for long: each ends when it has forked the next one,
/// in a group of its own. Four at a time, and for 30 s at most, which is longer
/// than a test waits for their end. Whoever is left holds the lock of a file.
void hop(context& run) {
  const std::string path{run.parameter("lock")};
  const int lock = ::open(path.c_str(), O_RDWR | O_CREAT, 0600);
  ::flock(lock, LOCK_EX);
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds{30};
  for (int i = 0; i < 4; ++i) {
    if (::fork() != 0)
      continue;
    while (std::chrono::steady_clock::now() < end) {
      ::setpgid(0, 0);
      if (::fork() != 0)
        break;
    }
    ::_exit(0);
  }
  ::close(lock);
}

} // namespace

/// 200 processes that ignore SIGTERM, every other one in a session of its own.
result fork_bomb(context&) {
  for (int i = 0; i < 100; ++i) {
    if (::fork() != 0)
      continue;
    ::signal(SIGTERM, SIG_IGN);
    if (::fork() == 0)
      ::setsid();
    for (;;)
      ::pause();
  }
  return succeeded("forked");
}

result hop_pids(context& run) {
  hop(run);
  return succeeded();
}

result hop_pids_and_die(context& run) {
  hop(run);
  std::abort();
}

/// So that this process can open nothing to find that one.
result fork_with_files_open(context& run) {
  const auto child = ::fork();
  if (child == 0) {
    ::setsid();
    for (;;)
      ::pause();
  }
  open_files(run);
  return succeeded(std::to_string(child));
}

/// As many processes as it may have.
result count_forks(context& run) {
  int forks = 0;
  for (; forks < 200; ++forks) {
    const auto child = ::fork();
    if (child < 0)
      break;
    if (child == 0)
      for (;;)
        ::pause();
  }
  run.counter("forks", forks);
  return succeeded();
}

/// A daemon as in the book; its process id is the message.
result daemonize(context&) {
  int ends[2];
  if (::pipe(ends) != 0)
    return failed("pipe");
  const auto child = ::fork();
  if (child == 0) {
    ::setsid();
    if (::fork() != 0)
      ::_exit(0);
    const auto self = ::getpid();
    (void)!::write(ends[1], &self, sizeof(self));
    for (int i = 0; i < 3; ++i)
      ::close(i);
    for (;;)
      ::pause();
  }
  ::waitpid(child, nullptr, 0);
  pid_t daemon = 0;
  (void)!::read(ends[0], &daemon, sizeof(daemon));
  return succeeded(std::to_string(daemon));
}

/// The same, and then the function dies.
result daemonize_and_die(context& run) {
  const auto made = daemonize(run);
  run.log("daemon " + made.text);
  std::abort();
}

result stop_warden(context& run) {
  ::kill(::getppid(), SIGSTOP);
  run.log("begun");
  for (;;)
    ::pause();
}

result stop_warden_and_die(context&) {
  ::kill(::getppid(), SIGSTOP);
  std::abort();
}

/// Not before it is made to stop.
result kill_warden_at_sigterm(context& run) {
  ::signal(SIGTERM, [](int) { ::kill(::getppid(), SIGKILL); });
  run.log("begun");
  for (;;)
    ::pause();
}

result kill_warden(context& run) {
  run.log("begun");
  ::kill(::getppid(), SIGKILL);
  for (;;)
    ::pause();
}

/// 200 processes at most, which go on to be others for 30 s, with nobody to
/// mind them.
result bomb_and_stop_warden(context& run) {
  fork_bomb(run);
  hop(run);
  return stop_warden(run);
}

/// Leaves a daemon behind that has no ancestor any more.
result daemonize_and_kill_warden(context& run) {
  const auto made = daemonize(run);
  run.log("daemon " + made.text);
  return kill_warden(run);
}

} // namespace hostile
