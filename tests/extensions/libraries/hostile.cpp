// Everything that a job function should not do.
#include <jobq_extension.hpp>

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <thread>

#include "tests/extensions/libraries/hostile_processes.hpp"

using namespace hostile;

namespace hostile {

result open_files(context&) {
  int opened = 0;
  while (opened < 100'000 && ::open("/dev/null", O_RDONLY) >= 0)
    ++opened;
  return succeeded(std::to_string(opened));
}

} // namespace hostile

namespace {

result null_dereference(context&) {
  volatile int* nothing = nullptr;
  *nothing = 1;
  return succeeded();
}

result abort_it(context&) {
  std::abort();
}

/// Says when it dies: nanoseconds of CLOCK_MONOTONIC.
result die_by_the_clock(context& run) {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  run.log("dies at "
          + std::to_string(now.tv_sec * 1'000'000'000LL + now.tv_nsec));
  std::abort();
}

result exit_zero(context&) {
  std::exit(0);
}

result exit_three(context&) {
  ::_exit(3);
}

/// As a runner does whose server is gone.
result exit_like_a_runner(context&) {
  ::_exit(113);
}

result loop_for_ever(context& run) {
  ::signal(SIGTERM, SIG_IGN);
  run.log("begun");
  for (volatile bool on = true; on;) {
  }
  return succeeded();
}

result sleep_for_ever(context& run) {
  run.log("begun");
  for (;;)
    ::pause();
}

result obey(context& run) {
  run.log("begun");
  while (!run.stop_requested())
    std::this_thread::sleep_for(std::chrono::milliseconds{1});
  return stopped("obeyed");
}

result stop_unasked(context&) {
  return stopped("no reason");
}

result allocate_for_ever(context&) {
  for (;;) {
    constexpr std::size_t size = 16 << 20;
    void* more = std::malloc(size);
    if (more == nullptr)
      return failed("out of memory");
    std::memset(more, 1, size);
  }
}

constexpr std::size_t mebibyte = 1 << 20;

result allocate_unchecked(context&) {
  for (;;)
    std::memset(std::malloc(mebibyte), 1, mebibyte);
}

result new_for_ever(context&) {
  for (;;)
    std::memset(new char[mebibyte], 1, mebibyte);
}

/// Memory that is shared with nobody. Little of it is used, to spare the
/// machine.
result share_for_ever(context& run) {
  constexpr std::size_t size = 64 * mebibyte;
  for (std::int64_t mapped = 0; mapped < 1 << 20; mapped += 64) {
    void* more = ::mmap(nullptr, size, PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    run.counter("MiB", mapped);
    if (more == MAP_FAILED)
      return failed(std::strerror(errno));
    std::memset(more, 1, 4096);
  }
  return succeeded("a tebibyte");
}

result write_for_ever(context&) {
  for (;;)
    std::puts(
        "another line that nobody wants to read, and another, and another");
}

result log_for_ever(context& run) {
  const std::string line(500, 'x');
  for (;;)
    run.log(line);
}

result close_all(context&) {
  for (int i = 0; i < 1024; ++i)
    ::close(i);
  return succeeded("closed");
}

result close_all_and_stay(context&) {
  for (int i = 0; i < 1024; ++i)
    ::close(i);
  for (;;)
    ::pause();
}

result write_garbage(context&) {
  for (int i = 3; i < 16; ++i)
    (void)!::write(i, "GARBAGE! GARBAGE! GARBAGE!", 26);
  for (;;)
    ::pause();
}

result stop_itself(context&) {
  ::raise(SIGSTOP);
  return succeeded();
}

/// Tries to enter another control group; tells what became of it.
result enter_group(context& run) {
  const std::string group{run.parameter("group")};
  const int file = ::open((group + "/cgroup.procs").c_str(), O_WRONLY);
  if (file < 0 || ::write(file, "0", 1) != 1)
    return succeeded(std::strerror(errno));
  return succeeded("entered");
}

result kill_itself(context&) {
  ::raise(SIGKILL);
  return succeeded();
}

/// As `open_files`, but the lowest descriptors are free again: 10 of them.
result open_files_above(context& run) {
  const auto made = open_files(run);
  for (int i = 10; i < 20; ++i)
    ::close(i);
  return made;
}

/// Needs a few dozen at once.
result open_a_file(context&) {
  for (int i = 0; i < 50; ++i)
    if (::open("/dev/null", O_RDONLY | O_CLOEXEC) < 0)
      return failed(std::strerror(errno));
  return succeeded();
}

int depth_of(volatile char* above, bool on) {
  volatile char here[4096];
  here[0] = *above;
  return on ? depth_of(here, on) + here[0] : 0;
}

result recurse(context& run) {
  volatile char start = 0;
  return succeeded(std::to_string(depth_of(&start, run.attempt() > 0)));
}

result throw_it(context&) {
  throw std::runtime_error{"thrown on purpose"};
}

result throw_a_number(context&) {
  throw 42;
}

result burn(context&) {
  for (volatile bool on = true; on;) {
  }
  return succeeded();
}

result leave_a_thread(context&) {
  std::thread{[] {
    for (;;)
      ::pause();
  }}.detach();
  return succeeded();
}

/// Deaf to SIGTERM, with a signal on its way and another to come.
result leave_signals(context&) {
  ::signal(SIGTERM, SIG_IGN);
  ::signal(SIGSEGV, SIG_DFL);
  sigset_t some;
  ::sigemptyset(&some);
  ::sigaddset(&some, SIGUSR1);
  ::sigaddset(&some, SIGALRM);
  ::sigprocmask(SIG_BLOCK, &some, nullptr);
  ::raise(SIGUSR1);
  ::alarm(1000);
  return succeeded();
}

/// Fails unless signals are as they should be.
result find_signals(context&) {
  struct sigaction found {};
  ::sigaction(SIGTERM, nullptr, &found);
  if (found.sa_handler != SIG_DFL)
    return failed("SIGTERM is not itself");
  ::sigaction(SIGSEGV, nullptr, &found);
  if (found.sa_handler == SIG_DFL)
    return failed("SIGSEGV has no handler");
  sigset_t blocked;
  ::sigprocmask(SIG_BLOCK, nullptr, &blocked);
  if (::sigisemptyset(&blocked) == 0)
    return failed("signals are blocked");
  if (::alarm(0) != 0)
    return failed("an alarm is set");
  return succeeded();
}

result leave_a_timer(context&) {
  timer_t made{};
  const itimerspec soon{{}, {1000, 0}};
  if (::timer_create(CLOCK_MONOTONIC, nullptr, &made) != 0
      || ::timer_settime(made, 0, &soon, nullptr) != 0)
    return failed(std::strerror(errno));
  return succeeded();
}

/// Ends, as asked, at the last moment.
result obey_sigterm(context& run) {
  static volatile sig_atomic_t asked;
  asked = 0;
  ::signal(SIGTERM, [](int) { asked = 1; });
  run.log("begun");
  while (asked == 0)
    std::this_thread::sleep_for(std::chrono::milliseconds{1});
  return stopped("obeyed");
}

/// Counters whose names are too long together.
result count_much(context& run) {
  for (int i = 0; i < 2000; ++i)
    run.counter(std::to_string(i) + std::string(16 * 1024, 'n'), i);
  return succeeded();
}

/// Facts about the process, for tests of what it is given.
result look_around(context& run) {
  std::string open;
  for (int i = 0; i < 64; ++i)
    if (::fcntl(i, F_GETFD) >= 0)
      open += (open.empty() ? "" : " ") + std::to_string(i);
  run.log("descriptors " + open);
  for (char** each = environ; *each != nullptr; ++each)
    run.log("environment " + std::string{*each});
  struct rlimit core {};
  ::getrlimit(RLIMIT_CORE, &core);
  run.log("core dumps " + std::to_string(core.rlim_cur) + " of "
          + std::to_string(core.rlim_max));
  run.log("user " + std::to_string(::getuid()));
  const auto ms = [](std::optional<time_point> at) {
    return at ? std::to_string(at->time_since_epoch().count()) : "none";
  };
  run.log("run " + std::string{run.run_id()});
  run.log("function " + std::string{run.function()});
  run.log("attempt " + std::to_string(run.attempt()));
  run.log("nominal " + ms(run.nominal_time()));
  run.log("started " + ms(run.started_at()));
  run.log("deadline " + ms(run.deadline()));
  run.log(run.enforce() ? "enforces" : "only reports");
  run.log("debug line", level::debug);
  run.log("warning line", level::warning);
  run.log("error line", level::error);
  run.log("parameter " + std::string{run.parameter("text")});
  run.log("job " + std::string{run.job()});
  run.counter("pid", ::getpid());
  run.items(7, 2);
  run.progress(0.5, "half");
  std::cout << "printed";
  return succeeded("looked");
}

result nothing(context&) {
  return succeeded();
}

result snooze_it(context&) {
  return snoozed(std::chrono::seconds{5}, "later");
}

result discard_it(context&) {
  return discarded("for good");
}

} // namespace

JOBQ_EXTENSION(
    "hostile", "0.1",
    {{"null_dereference", "", null_dereference},
     {"abort", "", abort_it},
     {"die_by_the_clock", "", die_by_the_clock},
     {"exit_zero", "", exit_zero},
     {"exit_three", "", exit_three},
     {"exit_like_a_runner", "", exit_like_a_runner},
     {"count_much", "", count_much},
     {"loop_for_ever", "", loop_for_ever},
     {"sleep_for_ever", "", sleep_for_ever},
     {"obey", "", obey},
     {"stop_unasked", "", stop_unasked},
     {"allocate_for_ever", "", allocate_for_ever},
     {"allocate_unchecked", "", allocate_unchecked},
     {"new_for_ever", "", new_for_ever},
     {"share_for_ever", "", share_for_ever},
     {"write_for_ever", "", write_for_ever},
     {"log_for_ever", "", log_for_ever},
     {"fork_bomb", "", fork_bomb},
     {"hop_pids", "", hop_pids, {{"lock", ""}}},
     {"hop_pids_and_die", "", hop_pids_and_die, {{"lock", ""}}},
     {"fork_with_files_open", "", fork_with_files_open},
     {"count_forks", "", count_forks},
     {"daemonize", "", daemonize},
     {"daemonize_and_die", "", daemonize_and_die},
     {"close_all", "", close_all},
     {"close_all_and_stay", "", close_all_and_stay},
     {"write_garbage", "", write_garbage},
     {"stop_itself", "", stop_itself},
     {"stop_warden", "", stop_warden},
     {"bomb_and_stop_warden", "", bomb_and_stop_warden, {{"lock", ""}}},
     {"stop_warden_and_die", "", stop_warden_and_die},
     {"kill_warden_at_sigterm", "", kill_warden_at_sigterm},
     {"kill_warden", "", kill_warden},
     {"daemonize_and_kill_warden", "", daemonize_and_kill_warden},
     {"kill_itself", "", kill_itself},
     {"enter_group", "", enter_group, {{"group", ""}}},
     {"open_files", "", open_files},
     {"open_files_above", "", open_files_above},
     {"open_a_file", "", open_a_file},
     {"recurse", "", recurse},
     {"throw_it", "", throw_it},
     {"throw_a_number", "", throw_a_number},
     {"burn", "", burn},
     {"leave_a_thread", "", leave_a_thread},
     {"leave_signals", "", leave_signals},
     {"find_signals", "", find_signals},
     {"leave_a_timer", "", leave_a_timer},
     {"obey_sigterm", "", obey_sigterm},
     {"look_around",
      "Says what it sees.",
      look_around,
      {{"text", "default"}, {"count", "3", JOBQ_INTEGER, "A number.", 0, 9}},
      "0 0 * * * *"},
     {"nothing", "", nothing},
     {"snooze_it", "", snooze_it},
     {"discard_it", "", discard_it}})
