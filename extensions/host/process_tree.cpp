#include "extensions/host/process_tree.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>
#include <unordered_map>

#include "extensions/host/process_hunt.hpp"

namespace jobq::hosting {

namespace {

/// The start of /proc/PID/stat behind the name in brackets, which may hold
/// anything: `S PPID PGRP …`. Empty when the process is gone.
std::string stat_of(pid_t pid) {
  const auto path = "/proc/" + std::to_string(pid) + "/stat";
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0)
    return {};
  char bytes[512];
  const auto size = ::read(file, bytes, sizeof(bytes));
  ::close(file);
  const std::string text{bytes, size > 0 ? static_cast<std::size_t>(size) : 0};
  const auto name_end = text.rfind(')');
  return name_end == std::string::npos || name_end + 2 >= text.size()
             ? std::string{}
             : text.substr(name_end + 2);
}

} // namespace

void for_each_process(const std::function<void(pid_t)>& see) {
  const std::unique_ptr<DIR, int (*)(DIR*)> proc{::opendir("/proc"),
                                                 ::closedir};
  if (!proc)
    return;
  while (const auto* entry = ::readdir(proc.get())) {
    char* end = nullptr;
    const auto pid = std::strtol(entry->d_name, &end, 10);
    if (end != entry->d_name && *end == '\0')
      see(static_cast<pid_t>(pid));
  }
}

kin kin_of(pid_t pid) {
  const auto stat = stat_of(pid);
  if (stat.size() <= 2)
    return {};
  return {static_cast<pid_t>(std::strtol(stat.c_str() + 2, nullptr, 10)),
          stat[0] != 'Z' && stat[0] != 'X'};
}

std::vector<pid_t> descendants_of(pid_t ancestor) {
  std::unordered_multimap<pid_t, pid_t> children;
  for_each_process([&children](pid_t pid) {
    if (const auto found = kin_of(pid); found.alive)
      children.emplace(found.parent, pid);
  });
  std::vector<pid_t> found{ancestor};
  for (std::size_t i = 0; i < found.size(); ++i) {
    const auto [first, last] = children.equal_range(found[i]);
    for (auto child = first; child != last; ++child)
      found.push_back(child->second);
  }
  found.erase(found.begin());
  return found;
}

bool has_children() {
  for (;;) {
    const auto reaped = ::waitpid(-1, nullptr, WNOHANG | __WALL);
    if (reaped == 0)
      return true;
    if (reaped < 0 && errno != EINTR)
      return false;
  }
}

std::size_t kill_descendants(std::chrono::milliseconds patience) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  process_hunt hunt{::getpid()};
  std::size_t most = 0;
  while (has_children()) {
    most = std::max(most, hunt.round());
    if (std::chrono::steady_clock::now() > deadline)
      break;
    std::this_thread::sleep_for(std::chrono::microseconds{200});
  }
  return most;
}

std::size_t threads_of_user(uid_t user) {
  std::size_t count = 0;
  for_each_process([&count, user](pid_t pid) {
    struct stat about {};
    const auto path = "/proc/" + std::to_string(pid) + "/task";
    // A folder has a link for each folder in it, and two of its own.
    if (::stat(path.c_str(), &about) == 0 && about.st_uid == user)
      count += about.st_nlink - 2;
  });
  return count;
}

} // namespace jobq::hosting
