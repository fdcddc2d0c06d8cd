#include "tests/tools/jobqd_program.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <thread>

#include "tests/tools/requests.hpp"
#include "tools/api/client.hpp"
#include "tools/paths.hpp"

extern char** environ;

namespace jobq::test {

using namespace std::chrono_literals;
using steady = std::chrono::steady_clock;

jobqd_program::jobqd_program(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), JOBQ_BIN_DIR "/jobqd");
  std::vector<char*> argv;
  for (auto& each : arguments)
    argv.push_back(each.data());
  argv.push_back(nullptr);
  std::array<int, 2> ends{};
  EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
  output_.reset(ends[0]);
  const unique_fd inner{ends[1]};
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, inner.get(), 1);
  posix_spawn_file_actions_adddup2(&actions, inner.get(), 2);
  EXPECT_EQ(
      ::posix_spawn(&pid_, argv[0], &actions, nullptr, argv.data(), environ),
      0);
  posix_spawn_file_actions_destroy(&actions);
}

jobqd_program::~jobqd_program() {
  if (pid_ > 0 && !ended_) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
}

void jobqd_program::signal(int number) const {
  ::kill(pid_, number);
}

bool jobqd_program::says(const std::string& text) {
  const auto deadline = steady::now() + 20s;
  while (said_.find(text, mark_) == std::string::npos)
    if (!read_until(deadline))
      return said_.find(text, mark_) != std::string::npos;
  mark_ = said_.find(text, mark_) + text.size();
  return true;
}

int jobqd_program::end() {
  const auto deadline = steady::now() + 20s;
  while (read_until(deadline)) {
  }
  int status = 0;
  for (int i = 0; i < 200; ++i) {
    if (::waitpid(pid_, &status, WNOHANG) == pid_) {
      ended_ = true;
      return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }
    std::this_thread::sleep_for(50ms);
  }
  return -1;
}

bool jobqd_program::read_until(steady::time_point deadline) {
  if (!wait_for(output_.get(), POLLIN, deadline))
    return false;
  std::array<char, 4096> buffer{};
  const auto got = ::read(output_.get(), buffer.data(), buffer.size());
  if (got <= 0)
    return false;
  said_.append(buffer.data(), static_cast<std::size_t>(got));
  return true;
}

namespace {

json answer_of(const std::filesystem::path& data, const api_request& request) {
  const auto client = connect_to_server(socket_path(data));
  if (!client) {
    ADD_FAILURE() << client.error().message;
    return {};
  }
  const auto answer = (*client)->call(request);
  if (!answer) {
    ADD_FAILURE() << answer.error().message;
    return {};
  }
  return json::parse(*answer);
}

} // namespace

jobqd_program jobqd_fixture::start() const {
  return jobqd_program{
      {"--config", config_.string(), "--data", data_.string()}};
}

json jobqd_fixture::get(const std::string& path) const {
  return answer_of(data_, test::get(path));
}

json jobqd_fixture::post(const std::string& path) const {
  return answer_of(data_, test::post(path));
}

std::string jobqd_fixture::begin(const std::string& job) const {
  return post("/v1/jobs/" + job + "/run").value("id", "");
}

json jobqd_fixture::ended(const std::string& id) const {
  const auto deadline = steady::now() + 20s;
  for (;;) {
    auto found = get("/v1/runs/" + id);
    const auto state = found.value("state", "");
    if (state == "completed" || state == "discarded" || state == "cancelled")
      return found;
    if (steady::now() > deadline) {
      ADD_FAILURE() << "no end: " << found;
      return found;
    }
    std::this_thread::sleep_for(5ms);
  }
}

} // namespace jobq::test
