#include "extensions/host/host_spawn.hpp"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "extensions/host/escapees.hpp"
#include "extensions/host/host_main.hpp"

namespace jobq::hosting {

namespace {

class descriptor {
public:
  descriptor() = default;
  explicit descriptor(int number) : number_{number} {}
  descriptor(descriptor&& other) noexcept
      : number_{std::exchange(other.number_, -1)} {}
  descriptor& operator=(descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~descriptor() {
    if (number_ >= 0)
      ::close(number_);
  }
  int get() const { return number_; }
  int release() { return std::exchange(number_, -1); }

private:
  int number_ = -1;
};

/// Moves a descriptor above those that the child gets, so that none of them is
/// overwritten before it was copied.
descriptor raised(int number) {
  const descriptor low{number};
  return descriptor{::fcntl(number, F_DUPFD_CLOEXEC, 16)};
}

struct both_ends {
  descriptor ours;
  descriptor theirs;
};

bool make_sockets(both_ends& ends) {
  std::array<int, 2> pair{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()) != 0)
    return false;
  ends.ours = descriptor{pair[0]};
  ends.theirs = raised(pair[1]);
  return ends.theirs.get() >= 0
         && ::fcntl(ends.ours.get(), F_SETFL, O_NONBLOCK) == 0;
}

bool make_pipe(both_ends& ends) {
  std::array<int, 2> pair{};
  if (::pipe2(pair.data(), O_CLOEXEC) != 0)
    return false;
  ends.ours = descriptor{pair[0]};
  ends.theirs = raised(pair[1]);
  return ends.theirs.get() >= 0
         && ::fcntl(ends.ours.get(), F_SETFL, O_NONBLOCK) == 0;
}

std::vector<std::string> host_environment() {
  constexpr std::array kept{"HOME", "LANG",   "LC_ALL", "LOGNAME",
                            "PATH", "TMPDIR", "TZ",     "USER"};
  std::vector<std::string> made;
  for (const auto* name : kept)
    if (const auto* value = std::getenv(name); value != nullptr)
      made.push_back(std::string{name} + "=" + value);
  made.push_back(std::string{host_mark} + "=" + std::to_string(::getpid()));
  return made;
}

/// Its own session, so that a terminal's signals do not reach it; no signal
/// blocked or ignored.
class spawn_settings {
public:
  spawn_settings(int output, int warden, int runner) {
    ::posix_spawn_file_actions_init(&files_);
    ::posix_spawn_file_actions_addopen(&files_, STDIN_FILENO, "/dev/null",
                                       O_RDONLY, 0);
    const std::pair<int, int> moves[] = {{output, STDOUT_FILENO},
                                         {output, STDERR_FILENO},
                                         {warden, warden_socket},
                                         {runner, runner_socket}};
    for (const auto& [from, to] : moves)
      ::posix_spawn_file_actions_adddup2(&files_, from, to);
    ::posix_spawnattr_init(&how_);
    sigset_t signals;
    ::sigemptyset(&signals);
    ::posix_spawnattr_setsigmask(&how_, &signals);
    ::sigfillset(&signals);
    ::posix_spawnattr_setsigdefault(&how_, &signals);
    ::posix_spawnattr_setflags(&how_, POSIX_SPAWN_SETSID
                                          | POSIX_SPAWN_SETSIGMASK
                                          | POSIX_SPAWN_SETSIGDEF);
  }
  ~spawn_settings() {
    ::posix_spawn_file_actions_destroy(&files_);
    ::posix_spawnattr_destroy(&how_);
  }
  spawn_settings(const spawn_settings&) = delete;
  spawn_settings& operator=(const spawn_settings&) = delete;

  const posix_spawn_file_actions_t* files() const { return &files_; }
  const posix_spawnattr_t* how() const { return &how_; }

private:
  posix_spawn_file_actions_t files_{};
  posix_spawnattr_t how_{};
};

} // namespace

result<spawned_host> spawn_host(const std::filesystem::path& program,
                                const std::string& label) {
  const auto refuse = [&program](int code) {
    return fail(errc::unavailable,
                "can't start " + program.string() + ": " + std::strerror(code));
  };
  both_ends warden;
  both_ends runner;
  both_ends output;
  if (!make_sockets(warden) || !make_sockets(runner) || !make_pipe(output))
    return refuse(errno);
  auto environment = host_environment();
  std::vector<char*> names;
  for (auto& each : environment)
    names.push_back(each.data());
  names.push_back(nullptr);
  std::string name = program.filename();
  auto shown = label;
  char* arguments[] = {name.data(), shown.data(), nullptr};
  const spawn_settings settings{output.theirs.get(), warden.theirs.get(),
                                runner.theirs.get()};
  spawned_host made;
  const auto spawn = [&](pid_t& pid) {
    return ::posix_spawn(&pid, program.c_str(), settings.files(),
                         settings.how(), arguments, names.data());
  };
  if (const int failed = start_warden(spawn, made.pid); failed != 0)
    return refuse(failed);
  made.warden = warden.ours.release();
  made.runner = runner.ours.release();
  made.output = output.ours.release();
  return made;
}

} // namespace jobq::hosting
