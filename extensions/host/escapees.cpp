#include "extensions/host/escapees.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <fstream>
#include <iterator>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <unordered_set>

#include "extensions/host/process_hunt.hpp"
#include "extensions/host/process_tree.hpp"

namespace jobq::hosting {

namespace {

constexpr std::chrono::seconds patience{1};

std::atomic<bool> adopting = false;

struct wardens {
  std::mutex mutex;
  std::set<pid_t> alive;
};

wardens& all_wardens() {
  static wardens made;
  return made;
}

std::string text_of(pid_t pid, const char* file) {
  std::ifstream stream{"/proc/" + std::to_string(pid) + "/" + file};
  return {std::istreambuf_iterator{stream}, {}};
}

bool is_marked(pid_t pid) {
  const auto environment = text_of(pid, "environ");
  const auto mark
      = std::string{host_mark} + "=" + std::to_string(::getpid()) + '\0';
  return environment.starts_with(mark)
         || environment.find('\0' + mark) != std::string::npos;
}

/// It has no memory any more, and no mark in it; nor is it dead yet.
bool is_dying(pid_t pid) {
  return text_of(pid, "statm").starts_with("0 ");
}

/// Its children are nobody's before.
bool has_died(pid_t child) {
  siginfo_t info{};
  return ::waitid(P_PID, static_cast<id_t>(child), &info,
                  WEXITED | WNOHANG | WNOWAIT)
             != 0
         || info.si_pid != 0;
}

/// Reaps a child that is dead. @returns whether there is no such process now
bool is_gone(pid_t pid) {
  return ::waitpid(pid, nullptr, WNOHANG | __WALL) == pid
         || kin_of(pid).parent == 0;
}

} // namespace

void adopt_escapees() {
  adopting = ::prctl(PR_SET_CHILD_SUBREAPER, 1) == 0;
}

int start_warden(const std::function<int(pid_t&)>& spawn, pid_t& pid) {
  auto& [mutex, alive] = all_wardens();
  const std::lock_guard lock{mutex};
  const int failed = spawn(pid);
  if (failed == 0)
    alive.insert(pid);
  return failed;
}

void forget_warden(pid_t pid) {
  auto& [mutex, alive] = all_wardens();
  const std::lock_guard lock{mutex};
  alive.erase(pid);
}

void kill_escapees(pid_t warden) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  const auto pause
      = [] { std::this_thread::sleep_for(std::chrono::microseconds{200}); };
  while (!has_died(warden) && std::chrono::steady_clock::now() < deadline)
    pause();
  auto& known = all_wardens();
  const std::lock_guard lock{known.mutex};
  const auto& alive = known.alive;
  process_hunt hunt{::getpid(), [&alive](pid_t pid) {
                      return !alive.contains(pid)
                             && (is_marked(pid) || (adopting && is_dying(pid)));
                    }};
  std::unordered_set<pid_t> left;
  for (;;) {
    hunt.round();
    left.insert(hunt.killed().begin(), hunt.killed().end());
    // A dead process has no mark any more.
    if (adopting)
      std::ranges::copy_if(hunt.dead(), std::inserter(left, left.end()),
                           [&](pid_t pid) { return !alive.contains(pid); });
    if (left.empty() || std::chrono::steady_clock::now() > deadline)
      return;
    std::erase_if(left, is_gone);
    pause();
  }
}

} // namespace jobq::hosting
