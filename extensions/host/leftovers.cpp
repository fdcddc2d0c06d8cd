#include "extensions/host/leftovers.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/single_threaded.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>

#include "extensions/host/process_tree.hpp"

namespace jobq::hosting {

namespace {

/// A library may keep so many files open between runs: a log, connections.
constexpr std::size_t spare_files = 64;
/// The warden has more.
constexpr std::chrono::milliseconds patience{500};
constexpr rlim_t most_looked_at = 16 * 1024;

/// How many threads this process has; 0 when /proc does not tell.
std::size_t thread_count() {
  struct stat about {};
  return ::stat("/proc/self/task", &about) == 0 && about.st_nlink > 2
             ? about.st_nlink - 2
             : 0;
}

std::vector<pollfd> all_descriptors() {
  struct rlimit files {};
  ::getrlimit(RLIMIT_NOFILE, &files);
  std::vector<pollfd> made(std::min(files.rlim_cur, most_looked_at));
  for (std::size_t i = 0; i < made.size(); ++i)
    made[i].fd = static_cast<int>(i);
  return made;
}

/// How many of them are open. Needs no descriptor, of which there may be none.
/// @returns more than there are when the limit was lowered since
std::size_t open_of(std::vector<pollfd>& descriptors) {
  if (::poll(descriptors.data(), descriptors.size(), 0) < 0)
    return descriptors.size() + 1;
  return static_cast<std::size_t>(
      std::ranges::count_if(descriptors, [](const pollfd& each) {
        return (each.revents & POLLNVAL) == 0;
      }));
}

/// Timers of timer_create, which only the kernel can list; 0 when it does not.
std::size_t timer_count() {
  const int file = ::open("/proc/self/timers", O_RDONLY | O_CLOEXEC);
  if (file < 0)
    return 0;
  char bytes[4096];
  const auto size = ::read(file, bytes, sizeof(bytes));
  ::close(file);
  // A line each begins with ID.
  return static_cast<std::size_t>(
      std::count(bytes, bytes + std::max<ssize_t>(size, 0), 'I'));
}

} // namespace

leftovers::leftovers()
    : descriptors_{all_descriptors()}, open_{open_of(descriptors_)},
      threads_{thread_count()}, timers_{timer_count()} {}

std::string leftovers::found() {
  signals_.restore();
  // Processes that were left too are the warden's to kill then: to find them
  // takes descriptors.
  if (!has_room_for_files())
    return "the function left files open, or lowered their limit";
  if (has_children()) {
    kill_descendants(patience);
    if (has_children())
      return "the function left processes behind";
  }
  if (timer_count() > timers_)
    return "the function left a timer behind";
  // Most functions start no thread, and the C library knows without a look
  // into /proc.
  if (__libc_single_threaded == 0 && thread_count() > threads_)
    return "the function left a thread behind";
  return {};
}

bool leftovers::has_room_for_files() {
  return open_of(descriptors_) <= open_ + spare_files;
}

} // namespace jobq::hosting
