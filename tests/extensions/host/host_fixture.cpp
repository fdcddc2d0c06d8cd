#include "tests/extensions/host/host_fixture.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <thread>
#include <utility>

#include "extensions/host/escapees.hpp"
#include "extensions/host/process_tree.hpp"

namespace jobq {

using namespace std::chrono_literals;

attempt_observer hearing::observer() {
  return {[at = state_](log_level level, std::string_view line) {
            const std::lock_guard lock{at->mutex};
            if (at->lines.size() < 10'000) {
              at->lines.emplace_back(line);
              at->levels.push_back(level);
            }
            at->changed.notify_all();
          },
          [at = state_](double fraction, std::string_view message) {
            const std::lock_guard lock{at->mutex};
            at->fraction = fraction;
            at->progress = message;
          },
          [at = state_](outcome result) {
            const std::lock_guard lock{at->mutex};
            ++at->ends;
            at->ended_at = std::chrono::steady_clock::now();
            at->result = std::move(result);
            at->changed.notify_all();
          }};
}

outcome hearing::wait() {
  std::unique_lock lock{state_->mutex};
  if (!state_->changed.wait_for(lock, 20s, [this] { return state_->ends > 0; }))
    ADD_FAILURE() << "no outcome";
  return state_->result;
}

bool hearing::wait_for_line(const std::string& beginning) {
  std::unique_lock lock{state_->mutex};
  return state_->changed.wait_for(lock, 20s, [&] {
    for (const auto& line : state_->lines)
      if (line.starts_with(beginning))
        return true;
    return false;
  });
}

std::vector<std::string> hearing::lines() const {
  const std::lock_guard lock{state_->mutex};
  return state_->lines;
}

std::vector<log_level> hearing::levels_of(const std::string& line) const {
  const std::lock_guard lock{state_->mutex};
  std::vector<log_level> made;
  for (std::size_t i = 0; i < state_->lines.size(); ++i)
    if (state_->lines[i] == line)
      made.push_back(state_->levels[i]);
  return made;
}

std::string hearing::progress() const {
  const std::lock_guard lock{state_->mutex};
  return state_->progress;
}

double hearing::fraction() const {
  const std::lock_guard lock{state_->mutex};
  return state_->fraction;
}

int hearing::ends() const {
  const std::lock_guard lock{state_->mutex};
  return state_->ends;
}

std::chrono::steady_clock::time_point hearing::ended_at() const {
  const std::lock_guard lock{state_->mutex};
  return state_->ended_at;
}

host_test::host_test() : descriptors_{open_descriptors()} {
  // Whoever escapes from a host becomes a child of this process, and is seen.
  hosting::adopt_escapees();
  restart(usual());
}

host_test::~host_test() {
  hosts_.reset();
  EXPECT_EQ(open_descriptors(), descriptors_) << "open still";
  EXPECT_EQ(processes(), 0U) << "left behind";
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1) << "dead, and not reaped";
}

process_executor_options host_test::usual() {
  process_executor_options made;
  made.host.program = JOBQ_TEST_HOST;
  made.host.silence_patience = 20s;
  made.host.kill_patience = 20s;
  made.max_hosts = 4;
  made.obey_grace = 20s;
  made.terminate_grace = 20s;
  return made;
}

process_executor_options host_test::impatient() {
  auto made = usual();
  made.obey_grace = 100ms;
  return made;
}

std::filesystem::path host_test::library(const std::string& name) {
  return std::filesystem::path{JOBQ_TEST_LIBRARIES} / ("lib" + name + ".so");
}

run host_test::a_run(const std::string& function) {
  run made;
  made.id = run_id::random(time_point{1s});
  made.job = "job";
  made.extension = "hostile";
  made.function = function;
  made.attempt = 1;
  return made;
}

execution_plan host_test::a_plan() {
  return {library("hostile"), 0, {}, {}};
}

void host_test::restart(process_executor_options options) {
  hosts_.reset();
  hosts_ = std::make_unique<process_executor>(std::move(options));
}

hearing host_test::start(const run& what, execution_plan plan) {
  hearing made;
  hosts_->start(what, std::move(plan), made.observer());
  return made;
}

outcome host_test::result_of(const std::string& function, execution_plan plan) {
  return start(a_run(function), std::move(plan)).wait();
}

std::size_t host_test::processes() {
  return hosting::descendants_of(::getpid()).size();
}

bool host_test::only_hosts_are_left() const {
  return processes() == 2 * hosts_->statistics().hosts;
}

std::size_t host_test::open_descriptors() {
  std::size_t count = 0;
  for ([[maybe_unused]] const auto& each :
       std::filesystem::directory_iterator{"/proc/self/fd"})
    ++count;
  return count;
}

std::size_t host_test::resident() {
  std::ifstream file{"/proc/self/statm"};
  std::size_t size = 0;
  std::size_t pages = 0;
  file >> size >> pages;
  return pages * 4096;
}

bool host_test::soon(const std::function<bool()>& holds) {
  for (int i = 0; i < 10'000; ++i) {
    if (holds())
      return true;
    std::this_thread::sleep_for(1ms);
  }
  return false;
}

} // namespace jobq
