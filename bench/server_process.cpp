#include "bench/server_process.hpp"

#include <array>
#include <chrono>
#include <csignal>
#include <fstream>
#include <thread>

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/bounds.hpp"
#include "bench/rig.hpp"
#include "tools/paths.hpp"
#include "tools/unix_socket.hpp"

namespace jobq::bench {
namespace {

constexpr std::chrono::seconds patience{20};
constexpr std::chrono::milliseconds look_every{5};

/// What the child does before it is another program. Nothing here allocates.
[[noreturn]] void become(const char* const* words, const char* output,
                         pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent)
    ::_exit(1);
  // A terminal's interrupt is for the parent, which then ends the child.
  ::setpgid(0, 0);
  const int to
      = ::open(output, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  ::dup2(to, STDOUT_FILENO);
  ::dup2(to, STDERR_FILENO);
  ::execv(words[0], const_cast<char* const*>(words));
  constexpr std::string_view text = "it can't be executed\n";
  (void)!::write(STDERR_FILENO, text.data(), text.size());
  ::_exit(127);
}

} // namespace

server_process::server_process(pid_t pid, const std::filesystem::path& data)
    : pid_{pid}, socket_{socket_path(data)}, output_{data / "output"} {}

result<std::unique_ptr<server_process>>
server_process::start(const std::filesystem::path& program,
                      const std::filesystem::path& config,
                      const std::filesystem::path& data) {
  std::error_code ignored;
  std::filesystem::create_directories(data, ignored);
  const auto output = data / "output";
  const std::array<const char*, 8> words{
      program.c_str(), "--config",    config.c_str(), "--data",
      data.c_str(),    "--log-level", "warning",      nullptr};
  const auto parent = ::getpid();
  const auto pid = ::fork();
  if (pid < 0)
    return fail(errc::io, "no child process");
  if (pid == 0)
    become(words.data(), output.c_str(), parent);
  std::unique_ptr<server_process> made{new server_process{pid, data}};
  if (auto ok = made->wait_until_listening(); !ok)
    return fail(ok.error().code, program.string() + ": " + ok.error().message);
  return made;
}

server_process::~server_process() {
  if (has_ended())
    return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

result<void> server_process::stop() {
  ::kill(pid_, SIGTERM);
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (!has_ended()) {
    if (std::chrono::steady_clock::now() >= deadline)
      return fail(errc::unavailable, "the server does not stop");
    std::this_thread::sleep_for(look_every);
  }
  return {};
}

std::uint64_t server_process::resident() const {
  return resident_bytes(std::to_string(pid_));
}

result<void> server_process::wait_until_listening() {
  const bounds until{0, std::chrono::steady_clock::now() + patience};
  while (!connect_to(socket_)) {
    if (has_ended())
      return fail(errc::unavailable, "ended early: " + last_words());
    if (until.over())
      return fail(errc::unavailable, "does not listen");
    std::this_thread::sleep_for(look_every);
  }
  return {};
}

bool server_process::has_ended() {
  if (!ended_ && ::waitpid(pid_, nullptr, WNOHANG) == pid_)
    ended_ = true;
  return ended_;
}

std::string server_process::last_words() const {
  std::ifstream in{output_};
  std::string last = "it said nothing";
  for (std::string line; std::getline(in, line);)
    if (!line.empty())
      last = line;
  return last;
}

} // namespace jobq::bench
