#include "extensions/host/hosted_attempt.hpp"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include <algorithm>
#include <utility>

#include "extensions/host/messages.hpp"
#include "extensions/stop_outcome.hpp"
#include "host.pb.h"

namespace jobq::hosting {

namespace {

constexpr std::size_t max_line = 8 * 1024;
constexpr std::size_t max_tail = 4 * 1024;

std::string signal_text(int signal) {
  const char* name = ::sigabbrev_np(signal);
  return std::to_string(signal)
         + (name != nullptr ? " (SIG" + std::string{name} + ")"
                            : std::string{});
}

process_end process_of(const wire::End* end) {
  process_end made;
  if (end == nullptr || !end->failure().empty())
    return made;
  if (WIFSIGNALED(end->status()))
    made.signal = WTERMSIG(end->status());
  else
    made.exit_code = WEXITSTATUS(end->status());
  made.peak_memory = end->peak_memory();
  return made;
}

std::string mebibytes(std::uint64_t bytes) {
  return std::to_string(bytes >> 20U) + " MiB";
}

} // namespace

std::string describe(const wire::End* end, const execution_plan& plan) {
  if (end == nullptr)
    return "its job host was killed together with its warden";
  if (!end->failure().empty())
    return "its job host could not begin: " + end->failure();
  if (end->stopped_by() != 0)
    return "stopped itself with signal "
           + signal_text(static_cast<int>(end->stopped_by()))
           + ", and was killed for it";
  if (!WIFSIGNALED(end->status())) {
    const int code = WEXITSTATUS(end->status());
    if (end->lost_server())
      return "lost its connection with the server";
    return "ended its process with exit code " + std::to_string(code)
           + " instead of returning";
  }
  const int signal = WTERMSIG(end->status());
  if (signal == SIGKILL && end->over_memory())
    return "killed for using more than limits.memory"
           + (plan.limits.memory ? " of " + mebibytes(*plan.limits.memory)
                                 : std::string{});
  if (signal == SIGKILL && end->oom_kills() > 0)
    return "killed by the kernel, which was out of memory";
  // The limit counts ticks of a clock, which on a busy machine are more than
  // the time that was used; so SIGXCPU is believed.
  if (plan.limits.cpu_time
      && (signal == SIGXCPU
          || (signal == SIGKILL
              && end->cpu_us() + 100'000
                     >= std::chrono::microseconds{*plan.limits.cpu_time}
                            .count())))
    return "used more processor time than limits.cpu_time allows";
  std::string text = "killed by signal " + signal_text(signal);
  if (plan.limits.memory && end->peak_memory() >= *plan.limits.memory / 10 * 9)
    text += ", close to its limits.memory of " + mebibytes(*plan.limits.memory);
  return text;
}

hosted_attempt::hosted_attempt(run what, execution_plan plan,
                               attempt_observer observer)
    : run_{std::move(what)}, plan_{std::move(plan)}, observer_{
                                                         std::move(observer)} {}

bool hosted_attempt::stop(stop_reason why) {
  if (stopping_)
    return false;
  stopping_ = why;
  return true;
}

bool hosted_attempt::talkative(std::size_t bytes) {
  heard_ += bytes;
  return heard_ > plan_.limits.output;
}

bool hosted_attempt::hear(const wire::FromRunner& message) {
  if (done_)
    return true;
  if (message.has_log() && observer_.log) {
    const auto& log = message.log();
    observer_.log(log.level() < log_level_words.size()
                      ? static_cast<log_level>(log.level())
                      : log_level::info,
                  log.line());
    return !talkative(log.line().size() + 1);
  }
  if (message.has_progress() && observer_.progress) {
    const auto& progress = message.progress();
    observer_.progress(progress.fraction(), progress.message());
    return !talkative(progress.message().size() + 1);
  }
  return true;
}

bool hosted_attempt::output(std::string_view bytes) {
  if (done_)
    return true;
  tail_.append(bytes.substr(bytes.size() - std::min(bytes.size(), max_tail)));
  if (tail_.size() > max_tail)
    tail_.erase(0, tail_.size() - max_tail);
  const bool calm = !talkative(bytes.size());
  while (!bytes.empty()) {
    const auto end = bytes.find('\n');
    const auto room = max_line - line_.size();
    const auto part = std::min({end, bytes.size(), room});
    line_.append(bytes.substr(0, part));
    bytes.remove_prefix(part);
    if (bytes.empty())
      break;
    if (bytes.front() == '\n')
      bytes.remove_prefix(1);
    last_line();
  }
  return calm;
}

void hosted_attempt::last_line() {
  if (observer_.log)
    observer_.log(log_level::info, line_);
  line_.clear();
}

void hosted_attempt::finish(outcome result) {
  if (std::exchange(done_, true))
    return;
  if (!line_.empty())
    last_line();
  if (result.process)
    result.process->output = std::move(tail_);
  auto observer = std::exchange(observer_, {});
  if (observer.done)
    observer.done(std::move(result));
}

void hosted_attempt::finish(const wire::Done& said) {
  finish(honest_outcome(read(said), stopping_));
}

void hosted_attempt::finish(const wire::End* end,
                            const std::string& misconduct) {
  outcome result;
  result.process = process_of(end);
  if (!misconduct.empty()) {
    result.kind = outcome_kind::crashed;
    result.error = "its job host was killed: " + misconduct;
  } else if (stopping_ && !forced_.empty()) {
    result.kind = stopped_kind(*stopping_);
    // Without its warden nobody knows what the runner was sent.
    result.error = end != nullptr ? forced_
                                  : "did not stop when it was asked to, and "
                                        + describe(end, plan_);
  } else {
    result.kind = outcome_kind::crashed;
    result.error = describe(end, plan_);
  }
  finish(std::move(result));
}

} // namespace jobq::hosting
