#include "bench/spawn.hpp"

#include <atomic>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench/rig.hpp"
#include "extensions/host/process_tree.hpp"

namespace jobq::bench {
namespace {

using std::chrono::nanoseconds;

/// Of a process that is not ours to ask with getrusage: its own time by its
/// clock, that of the children it has waited for from /proc, in the kernel's
/// coarser ticks.
nanoseconds cpu_time_of(pid_t pid) {
  clockid_t clock{};
  timespec own{};
  if (::clock_getcpuclockid(pid, &clock) != 0
      || ::clock_gettime(clock, &own) != 0)
    return {};
  std::ifstream file{"/proc/" + std::to_string(pid) + "/stat"};
  std::string text;
  std::getline(file, text, ')');
  for (int field = 3; field < 16; ++field)
    file >> text;
  std::int64_t user = 0;
  std::int64_t system = 0;
  file >> user >> system;
  return std::chrono::seconds{own.tv_sec} + nanoseconds{own.tv_nsec}
         + nanoseconds{(user + system) * 1'000'000'000
                       / ::sysconf(_SC_CLK_TCK)};
}

bool spawn_one() {
  char name[] = "true";
  char* arguments[] = {name, nullptr};
  char* environment[] = {nullptr};
  pid_t pid = 0;
  int status = 0;
  return ::posix_spawn(&pid, "/bin/true", nullptr, nullptr, arguments,
                       environment)
             == 0
         && ::waitpid(pid, &status, 0) == pid && status == 0;
}

} // namespace

nanoseconds descendants_cpu_time() {
  rusage used{};
  ::getrusage(RUSAGE_CHILDREN, &used);
  auto of = [](const timeval& value) {
    return std::chrono::seconds{value.tv_sec}
           + std::chrono::microseconds{value.tv_usec};
  };
  nanoseconds sum = of(used.ru_utime) + of(used.ru_stime);
  for (const auto pid : hosting::descendants_of(::getpid()))
    sum += cpu_time_of(pid);
  return sum;
}

result<spawn_figures> spawn_programs(std::uint32_t threads,
                                     std::uint32_t times) {
  std::atomic<bool> failed{false};
  const auto cpu = cpu_time() + descendants_cpu_time();
  const auto begun = steady::now();
  std::vector<std::thread> some;
  for (std::uint32_t i = 0; i < threads; ++i)
    some.emplace_back([times, &failed] {
      for (std::uint32_t n = 0; n < times && !failed; ++n)
        if (!spawn_one())
          failed = true;
    });
  for (auto& one : some)
    one.join();
  const std::chrono::duration<double> took = steady::now() - begun;
  const std::chrono::duration<double, std::micro> used
      = cpu_time() + descendants_cpu_time() - cpu;
  if (failed)
    return fail(errc::unavailable, "/bin/true can't be started");
  const double all = static_cast<double>(threads) * times;
  return spawn_figures{all / took.count(), used.count() / all};
}

} // namespace jobq::bench
