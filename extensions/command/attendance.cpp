#include "extensions/command/attendance.hpp"

#include <poll.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <utility>

#include "extensions/command/control_lines.hpp"
#include "jobs/time.hpp"

namespace jobq {

namespace {

using steady = std::chrono::steady_clock;

/// How often the context is asked, with some room for a late wake-up.
constexpr milliseconds ask_interval{15};
/// How often the program's end is looked for when nothing tells it.
constexpr milliseconds look_interval{5};
/// How often progress is handed on at most.
constexpr milliseconds report_interval{50};

constexpr int ask_for_retry = 75; ///< EX_TEMPFAIL of sysexits.h

std::string describe(const process_end& end) {
  if (end.exit_code)
    return "exit code " + std::to_string(*end.exit_code);
  int number = end.signal.value_or(0);
  auto text = "killed by signal " + std::to_string(number);
  if (const char* name = ::sigabbrev_np(number))
    text += std::string{" (SIG"} + name + ")";
  return text;
}

/// Whether it was the limit that this process has, and its children. The kernel
/// sends SIGXCPU at the limit, and SIGKILL a second later; it counts in ticks,
/// so that on a busy machine less has been used than it says.
bool out_of_processor_time(const process_end& end, milliseconds used) {
  struct rlimit limit {};
  if (::getrlimit(RLIMIT_CPU, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
    return false;
  return end.signal == SIGXCPU
         || (end.signal == SIGKILL && used >= seconds{limit.rlim_cur});
}

/// One program, from its start to its end.
class attendance {
public:
  attendance(job_context& context, program& attended,
             const command_options& options)
      : context_{context}, program_{attended}, options_{options},
        lines_{context} {}

  outcome stay() {
    while (!program_.has_ended()) {
      heed_stop();
      wait();
      report();
    }
    // What remains of the group would go on unseen.
    if (stopping())
      program_.signal(SIGKILL);
    read_what_is_there();
    lines_.finish();
    lines_.report();
    return conclude(program_.collect());
  }

private:
  bool stopping() const { return asked_at_.has_value(); }

  void heed_stop() {
    if (!stopping()) {
      if (!context_.stop_requested())
        return;
      asked_at_ = steady::now();
      program_.signal(SIGTERM);
      program_.signal(SIGCONT); // a stopped process would not hear it
    } else if (!killed_ && steady::now() - *asked_at_ >= options_.kill_after) {
      killed_ = true;
      program_.signal(SIGKILL);
    }
  }

  /// Until the program says something or has ended, or it is time to ask.
  void wait() {
    std::array<pollfd, 2> watched{
        {{program_.control(), POLLIN, 0}, {program_.end_signal(), POLLIN, 0}}};
    auto patience = program_.end_signal() < 0 ? look_interval : ask_interval;
    if (::poll(watched.data(), watched.size(),
               static_cast<int>(patience.count()))
            > 0
        && watched[0].revents != 0)
      read_some(buffer_.size());
  }

  /// @returns how many bytes there were
  std::size_t read_some(std::size_t most) {
    auto count = ::read(program_.control(), buffer_.data(),
                        std::min(most, buffer_.size()));
    if (count > 0) {
      lines_.feed({buffer_.data(), static_cast<std::size_t>(count)});
      return static_cast<std::size_t>(count);
    }
    // Nobody has the other end any more, or this one is beyond use.
    if (count == 0 || (errno != EAGAIN && errno != EINTR))
      program_.close_control();
    return 0;
  }

  /// The program's last words. A process in the background may go on talking:
  /// it is not listened to.
  void read_what_is_there() {
    int count = 0;
    if (program_.control() < 0
        || ::ioctl(program_.control(), FIONREAD, &count) != 0)
      return;
    auto left = static_cast<std::size_t>(std::max(count, 0));
    while (left > 0) {
      auto taken = read_some(left);
      if (taken == 0)
        return;
      left -= taken;
    }
  }

  void report() {
    auto now = steady::now();
    if (now < next_report_)
      return;
    lines_.report();
    next_report_ = now + report_interval;
  }

  outcome conclude(std::optional<process_end> end) const {
    auto made = judge(end);
    lines_.add_to(made);
    made.process = std::move(end);
    return made;
  }

  outcome judge(const std::optional<process_end>& end) const {
    // That happens where a caller ignores SIGCHLD or waits for all children.
    auto text = end ? describe(*end) : "how the program ended is not known";
    if (killed_)
      return job_result::stopped("ignored SIGTERM for "
                                 + format_duration(options_.kill_after) + ": "
                                 + text);
    if (stopping())
      return job_result::stopped("asked to stop: " + text);
    if (end && end->exit_code == 0)
      return job_result::succeeded();
    if (end && end->exit_code == ask_for_retry) {
      auto made = job_result::failed("asks for a retry (" + text + ")");
      made.asks_retry = true;
      return made;
    }
    if (end && out_of_processor_time(*end, program_.processor_time()))
      return job_result::failed(
          "used more processor time than limits.cpu_time allows (" + text
          + ")");
    return job_result::failed(text);
  }

  job_context& context_;
  program& program_;
  const command_options& options_;
  control_lines lines_;
  std::array<char, 16 << 10> buffer_{};
  std::optional<steady::time_point> asked_at_; ///< to stop
  bool killed_ = false;
  steady::time_point next_report_{};
};

} // namespace

outcome attend(job_context& context, program& attended,
               const command_options& options) {
  return attendance{context, attended, options}.stay();
}

} // namespace jobq
