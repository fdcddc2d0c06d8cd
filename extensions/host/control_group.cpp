#include "extensions/host/control_group.hpp"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <thread>

#include "extensions/host/cgroup_text.hpp"

namespace jobq::hosting {

namespace fs = std::filesystem;

namespace {

std::error_code last_error() {
  return {errno, std::generic_category()};
}

} // namespace

bool control_group::has(const std::string& file) const {
  return ::access((directory_ / file).c_str(), F_OK) == 0;
}

std::optional<std::string> control_group::read(const std::string& file) const {
  const int from
      = ::open((directory_ / file).c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (from < 0)
    return std::nullopt;
  std::string text;
  char bytes[4096];
  for (;;) {
    const auto got = ::read(from, bytes, sizeof(bytes));
    if (got > 0)
      text.append(bytes, static_cast<std::size_t>(got));
    else if (got == 0 || errno != EINTR)
      break;
  }
  ::close(from);
  return text;
}

std::error_code control_group::write(const std::string& file,
                                     std::string_view text) const {
  const int to = ::open((directory_ / file).c_str(),
                        O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW);
  if (to < 0)
    return last_error();
  // A word to the kernel is one call, and is taken as a whole or not at all.
  const auto failed = ::write(to, text.data(), text.size()) < 0
                          ? last_error()
                          : std::error_code{};
  ::close(to);
  return failed;
}

std::vector<control_group> control_group::descendants() const {
  std::vector<control_group> found;
  std::error_code failed;
  for (fs::recursive_directory_iterator each{directory_, failed}, end;
       !failed && each != end; each.increment(failed)) {
    std::error_code unknown;
    if (each->is_directory(unknown) && !each->is_symlink(unknown))
      found.emplace_back(each->path());
  }
  // An iterator sees a directory before what is in it.
  std::reverse(found.begin(), found.end());
  return found;
}

std::vector<pid_t> control_group::members() const {
  return pids_of(read("cgroup.procs").value_or(""));
}

std::vector<pid_t> control_group::all_members() const {
  auto made = members();
  for (const auto& group : descendants()) {
    const auto more = group.members();
    made.insert(made.end(), more.begin(), more.end());
  }
  return made;
}

std::error_code control_group::add(pid_t process) const {
  return write("cgroup.procs", std::to_string(process));
}

std::size_t control_group::kill() const {
  const auto self = ::getpid();
  auto alive = all_members();
  // 0, a process that can't be seen, would be the caller's process group.
  const bool with_self = std::erase(alive, self) > 0;
  std::erase_if(alive, [](pid_t pid) { return pid <= 1; });
  auto most = alive.size();
  if (!with_self && !write("cgroup.kill", "1"))
    return most;
  // Those that are forked meanwhile are found in the next round.
  for (int round = 0; !alive.empty() && round < 50; ++round) {
    for (const auto pid : alive)
      ::kill(pid, SIGKILL);
    std::this_thread::sleep_for(std::chrono::microseconds{200});
    alive = all_members();
    std::erase_if(alive, [self](pid_t pid) { return pid <= 1 || pid == self; });
    most = std::max(most, alive.size());
  }
  return most;
}

bool control_group::enables(const std::string& controller) const {
  const auto words = words_of(read("cgroup.subtree_control").value_or(""));
  return std::find(words.begin(), words.end(), controller) != words.end();
}

std::error_code control_group::enable(const std::string& controller) const {
  return enables(controller)
             ? std::error_code{}
             : write("cgroup.subtree_control", "+" + controller);
}

std::error_code control_group::limit_memory(std::uint64_t bytes) const {
  if (const auto failed = write("memory.max", std::to_string(bytes)))
    return failed;
  // Not every kernel has swap, or groups that die as one.
  for (const auto& [file, text] :
       {std::pair{"memory.swap.max", "0"}, std::pair{"memory.oom.group", "1"}})
    if (has(file))
      if (const auto failed = write(file, text))
        return failed;
  return {};
}

std::error_code control_group::limit_processes(std::uint32_t count) const {
  return write("pids.max", std::to_string(count));
}

group_memory control_group::memory() const {
  const auto events = read("memory.events").value_or("");
  const auto peak = words_of(read("memory.peak").value_or(""));
  return {peak.empty() ? 0 : value_of("peak " + peak.front(), "peak"),
          value_of(events, "oom_kill"), value_of(events, "oom")};
}

} // namespace jobq::hosting
