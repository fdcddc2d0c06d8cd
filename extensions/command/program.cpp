#include "extensions/command/program.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <utility>

#include "extensions/command/program_file.hpp"
#include "extensions/command/spawn.hpp"

namespace jobq {

namespace {

std::vector<std::string> assignments(const environment_map& environment) {
  std::vector<std::string> made;
  made.reserve(environment.size());
  for (const auto& [name, value] : environment)
    made.push_back(name + "=" + value);
  return made;
}

/// The control pipe: the end to read, the end to write. 0, or errno.
int make_pipe(descriptor& reading, descriptor& writing) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0)
    return errno;
  reading = descriptor{ends[0]};
  writing = descriptor{ends[1]};
  // The other end is the program's, which may well want to block.
  return ::fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0 ? 0 : errno;
}

} // namespace

result<program> program::start(const command_line& what,
                               const environment_map& environment,
                               const command_options& options) {
  const auto& name = what.argv.front();
  auto directory = open_directory(name, what.working_directory);
  if (!directory)
    return tl::unexpected{directory.error()};
  auto file = find_program(name, environment.at("PATH"), directory->get());
  if (!file)
    return tl::unexpected{file.error()};
  descriptor reading;
  descriptor writing;
  if (int code = make_pipe(reading, writing); code != 0)
    return start_error(name, code, "");
  spawn_request request;
  request.file = *file;
  request.argv = what.argv;
  request.environment = assignments(environment);
  request.directory = directory->get();
  request.output = options.standard_output;
  request.error = options.standard_error;
  request.control = writing.get();
  pid_t id = -1;
  if (int code = spawn(request, id); code != 0)
    return start_error(name, code, exec_hint(*file, code, directory->get()));
  return program{id, std::move(reading), options.use_pidfd};
}

program::program(pid_t id, descriptor control, bool use_pidfd)
    : id_{id}, control_{std::move(control)} {
#ifdef SYS_pidfd_open
  if (use_pidfd)
    pidfd_ = descriptor{static_cast<int>(::syscall(SYS_pidfd_open, id, 0))};
#else
  (void)use_pidfd;
#endif
}

program::program(program&& other) noexcept
    : id_{std::exchange(other.id_, -1)}, control_{std::move(other.control_)},
      pidfd_{std::move(other.pidfd_)} {}

program::~program() {
  signal(SIGKILL);
  collect();
}

bool program::has_ended() noexcept {
  if (id_ < 0)
    return true;
  siginfo_t info{};
  // Without WNOWAIT the id could be another's by the time of the next signal.
  int status = ::waitid(P_PID, static_cast<id_t>(id_), &info,
                        WEXITED | WNOHANG | WNOWAIT);
  if (status != 0 && errno == ECHILD)
    id_ = -1; // and so it may be, now
  return id_ < 0 || (status == 0 && info.si_pid == id_);
}

void program::signal(int number) const noexcept {
  if (id_ < 0)
    return;
  ::kill(-id_, number);
  // A program may have gone to another group of its session.
  if (auto group = ::getpgid(id_); group > 0 && group != id_)
    ::kill(id_, number);
}

std::optional<process_end> program::collect() noexcept {
  if (id_ < 0)
    return std::nullopt;
  int status = 0;
  rusage used{};
  pid_t collected = -1;
  do
    collected = ::wait4(id_, &status, 0, &used);
  while (collected < 0 && errno == EINTR);
  id_ = -1;
  if (collected < 0)
    return std::nullopt;
  const auto in_ms = [](const timeval& time) {
    return seconds{time.tv_sec} + milliseconds{time.tv_usec / 1000};
  };
  processor_time_ = in_ms(used.ru_utime) + in_ms(used.ru_stime);
  process_end made;
  if (WIFSIGNALED(status))
    made.signal = WTERMSIG(status);
  else
    made.exit_code = WEXITSTATUS(status);
  made.peak_memory = static_cast<std::uint64_t>(used.ru_maxrss) * 1024;
  return made;
}

} // namespace jobq
