#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

#include "extensions/host/control_group.hpp"
#include "extensions/host/frame.hpp"
#include "extensions/host/host_main.hpp"
#include "extensions/host/last_words.hpp"
#include "extensions/host/process_tree.hpp"
#include "extensions/host/runner.hpp"
#include "host.pb.h"

namespace jobq::hosting {

namespace {

/// Sets one limit, soft and hard, and never above what is allowed already.
bool limit(int what, rlim_t soft, rlim_t hard) {
  struct rlimit now {};
  if (::getrlimit(static_cast<__rlimit_resource>(what), &now) != 0)
    return false;
  const struct rlimit wanted {
    std::min(soft, now.rlim_max), std::min(hard, now.rlim_max)
  };
  return ::setrlimit(static_cast<__rlimit_resource>(what), &wanted) == 0;
}

std::string why_not(const char* what) {
  return std::string{what} + ": " + std::strerror(errno);
}

/// Threads' stacks, libraries and files that are mapped, and what an
/// interpreter reserves and never uses: address space beyond the memory that is
/// limited.
[[maybe_unused]] constexpr rlim_t address_space = rlim_t{4} << 30U;

bool limit_memory([[maybe_unused]] const wire::Settings& settings) {
  // Sanitized memory is mapped in advance, by terabytes.
#if !defined(JOBQ_SANITIZED) || !JOBQ_SANITIZED
  if (const auto memory = settings.memory(); memory > 0) {
    if (!limit(RLIMIT_DATA, memory, memory))
      return false;
    // Mappings that are shared are not data.
    if (const auto all = memory + address_space;
        !settings.group_limits_memory())
      return limit(RLIMIT_AS, all, all);
  }
#endif
  return true;
}

/// Takes the runner's limits on. @returns why it could not, or empty
std::string take_limits(const wire::Settings& settings, rlim_t processes) {
  if (!limit_memory(settings))
    return why_not("can't limit memory");
  // SIGXCPU at the limit, SIGKILL a second later.
  if (const auto seconds = settings.cpu_seconds();
      seconds > 0 && !limit(RLIMIT_CPU, seconds, seconds + 1))
    return why_not("can't limit processor time");
  if (!limit(RLIMIT_NOFILE, settings.open_files(), settings.open_files()))
    return why_not("can't limit open files");
  if (!limit(RLIMIT_NPROC, processes, processes))
    return why_not("can't limit processes");
  // At 0 a core_pattern that is a pipe would have its dump all the same; 1 is
  // too small for a file, and means none to a pipe.
  if (!limit(RLIMIT_CORE, 1, 1))
    return why_not("can't forbid core dumps");
  return {};
}

/// Becomes the user of `settings`, for good. @returns why not, or empty
std::string become(const wire::User& user) {
  if (::geteuid() == user.uid())
    return {}; // which is all that a server without privileges may ask for
  if (::initgroups(user.name().c_str(), user.gid()) != 0
      || ::setgid(user.gid()) != 0 || ::setuid(user.uid()) != 0)
    return why_not(("can't become user " + user.name()).c_str());
  ::setenv("HOME", user.home().c_str(), 1);
  ::setenv("USER", user.name().c_str(), 1);
  ::setenv("LOGNAME", user.name().c_str(), 1);
  return {};
}

/// A server may be spared when memory is short; its functions are not.
void be_killable() {
  const control_group self{"/proc/self"};
  if (self.read("oom_score_adj").value_or("").starts_with('-'))
    self.write("oom_score_adj", "0");
}

/// What the runner is before its first function.
std::string set_up_runner(const wire::Settings& settings, pid_t warden,
                          rlim_t processes) {
  ::close(warden_socket);
  ::setpgid(0, 0);
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  // While it still may: its user has no right to leave the group, or to join.
  if (!settings.group().empty())
    if (const auto failed = control_group{settings.group()}.add(0))
      return "can't join the control group " + settings.group() + ": "
             + failed.message();
  be_killable();
  if (auto fault = take_limits(settings, processes); !fault.empty())
    return fault;
  if (settings.has_user())
    if (auto fault = become(settings.user()); !fault.empty())
      return fault;
  // Last, since a change of user forgets it.
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  return ::getppid() == warden ? std::string{} : "the warden is gone";
}

class warden {
public:
  /// @param orders what the server has sent so far
  warden(pid_t runner, int signals, frame_splitter orders)
      : runner_{runner}, signals_{signals}, orders_{std::move(orders)} {}

  /// @returns how the runner ended
  wire::End watch() {
    obey();
    while (!ended_) {
      pollfd watched[] = {{server_gone_ ? -1 : warden_socket, POLLIN, 0},
                          {signals_, POLLIN, 0}};
      if (::poll(watched, 2, -1) < 0)
        continue;
      if (watched[1].revents != 0)
        hear_signals();
      if (watched[0].revents != 0)
        hear_server();
    }
    return end_;
  }

  bool server_gone() const { return server_gone_; }

private:
  void hear_signals() {
    signalfd_siginfo info;
    while (::read(signals_, &info, sizeof(info)) == sizeof(info)) {
    }
    int status = 0;
    struct rusage used {};
    while (::wait4(runner_, &status, WNOHANG | WUNTRACED, &used) == runner_) {
      if (WIFSTOPPED(status)) {
        // It could wait for ever; so this is its end.
        end_.set_stopped_by(static_cast<std::uint32_t>(WSTOPSIG(status)));
        ::kill(runner_, SIGKILL);
        continue;
      }
      ended_ = true;
      end_.set_status(status);
      end_.set_lost_server(ended_without_server(runner_));
      end_.set_peak_memory(static_cast<std::uint64_t>(used.ru_maxrss) * 1024);
      end_.set_cpu_us(micros(used.ru_utime) + micros(used.ru_stime));
      return;
    }
  }

  static std::int64_t micros(const timeval& time) {
    return static_cast<std::int64_t>(time.tv_sec) * 1'000'000 + time.tv_usec;
  }

  void hear_server() {
    char bytes[1024];
    const auto got = ::recv(warden_socket, bytes, sizeof(bytes), MSG_DONTWAIT);
    if (got > 0) {
      orders_.add({bytes, static_cast<std::size_t>(got)});
      obey();
    } else if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
      server_gone_ = true;
      carry_out(wire::Order::KILL);
    }
  }

  /// All orders that are there: the socket wakes nobody for the second.
  void obey() {
    std::string_view payload;
    while (orders_.next(payload) == frame_splitter::found::frame) {
      wire::Order order;
      if (order.ParseFromArray(payload.data(),
                               static_cast<int>(payload.size())))
        carry_out(order.kind());
    }
  }

  void carry_out(wire::Order::Kind kind) {
    if (ended_)
      return; // its process id is nobody's now, or another's
    if (kind == wire::Order::KILL) {
      end_.set_on_order(true);
      ::kill(runner_, SIGKILL);
      return;
    }
    ::kill(-runner_, SIGTERM);
    if (::getpgid(runner_) != runner_)
      ::kill(runner_, SIGTERM);
  }

  const pid_t runner_;
  const int signals_;
  frame_splitter orders_;
  wire::End end_;
  bool server_gone_ = false;
  bool ended_ = false;
};

/// Kills whoever is left of the runner's. @returns how many there were
std::size_t clear_away(const wire::Settings& settings) {
  // A group dies at once, however fast it forks; then its processes are reaped.
  const auto grouped
      = settings.group().empty() ? 0 : control_group{settings.group()}.kill();
  return std::max(grouped, kill_descendants());
}

/// What the kernel says of the memory of all that the host was.
void add_memory(const std::string& group, wire::End& end) {
  const auto memory = control_group{group}.memory();
  if (memory.peak > 0)
    end.set_peak_memory(memory.peak);
  end.set_oom_kills(memory.oom_kills);
  end.set_over_memory(memory.oom_kills > 0 && memory.limit_hits > 0);
}

bool is_closed(int socket) {
  char next = 0;
  return ::recv(socket, &next, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

/// Waits until nobody holds the other end, and closes this one.
void await_end(int pipe) {
  char nothing = 0;
  while (::read(pipe, &nothing, 1) < 0 && errno == EINTR) {
  }
  ::close(pipe);
}

int give_up(std::string why) {
  wire::End end;
  end.set_failure(std::move(why));
  send_frame(warden_socket, end);
  return 1;
}

} // namespace

int host_main(const std::function<built_in_functions()>& built_in) {
  // A function may have stopped its warden, which must see its server's end all
  // the same. The kernel counts the end of the thread that started this
  // process, and that lives as long as its host (host_process.hpp).
  ::prctl(PR_SET_PDEATHSIG, SIGCONT);
  ::close_range(runner_socket + 1, ~0U, 0);
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  for (const int ignored : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE})
    ::signal(ignored, SIG_IGN);
  wire::Settings settings;
  frame_splitter orders;
  if (!receive_frame(warden_socket, orders, settings))
    return give_up("jobq-host is started by a server, not by hand");
  if (is_closed(warden_socket))
    return 1; // the server ended before the kernel was asked to tell
  sigset_t children;
  ::sigemptyset(&children);
  ::sigaddset(&children, SIGCHLD);
  ::sigprocmask(SIG_BLOCK, &children, nullptr);
  const int signals = ::signalfd(-1, &children, SFD_CLOEXEC | SFD_NONBLOCK);
  if (signals < 0)
    return give_up(why_not("signalfd"));
  if (!share_last_words())
    return give_up(why_not("can't share memory"));
  // The runner waits until its warden has let go of what is the runner's. A
  // function may stop its warden, and with that still open the server would not
  // see the runner's end.
  int ready[2];
  if (::pipe2(ready, O_CLOEXEC) != 0)
    return give_up(why_not("pipe"));
  const auto self = ::getpid();
  const auto user = settings.has_user() ? settings.user().uid() : ::getuid();
  const auto processes = threads_of_user(user) + settings.processes();
  const auto runner = ::fork();
  if (runner < 0)
    return give_up(why_not("can't start a process"));
  if (runner == 0) {
    ::close(signals);
    ::close(ready[1]);
    auto fault = set_up_runner(settings, self, processes);
    for (const int usual : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE})
      ::signal(usual, SIG_DFL);
    ::sigprocmask(SIG_UNBLOCK, &children, nullptr);
    await_end(ready[0]);
    ::_exit(runner_main(fault, settings.library(), built_in));
  }
  // The output ends when the runner and its descendants do.
  ::close(ready[0]);
  ::close(runner_socket);
  const int nothing = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
  ::dup2(nothing, STDOUT_FILENO);
  ::dup2(nothing, STDERR_FILENO);
  ::close(ready[1]);
  warden watched{runner, signals, std::move(orders)};
  auto end = watched.watch();
  end.set_killed(static_cast<std::uint32_t>(clear_away(settings)));
  // Who has outrun it so far is the server's to kill, if there is one.
  end.set_left(has_children());
  while (has_children() && (watched.server_gone() || is_closed(warden_socket)))
    clear_away(settings);
  if (!settings.group().empty())
    add_memory(settings.group(), end);
  send_frame(warden_socket, end);
  return 0;
}

} // namespace jobq::hosting
