// Many hostile runs, one after the other, and what is left of them.
#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

#include "tests/extensions/host/host_fixture.hpp"

namespace jobq {

using namespace std::chrono_literals;

namespace {

/// A way to misbehave, and what it comes to.
struct act {
  std::string function;
  outcome_kind kind;
  std::string error; ///< what it begins with
  /// A line by which one knows that it will not end: then it has its timeout.
  std::string endless;
};

const std::string terminated = "did not stop within ";

std::vector<act> all_acts() {
  using enum outcome_kind;
  std::vector<act> made{
      {"null_dereference", crashed, "killed by signal 11 (SIGSEGV)", {}},
      {"abort", crashed, "killed by signal 6 (SIGABRT)", {}},
      {"exit_zero",
       crashed,
       "ended its process with exit code 0 instead of returning",
       {}},
      {"exit_three",
       crashed,
       "ended its process with exit code 3 instead of returning",
       {}},
      {"loop_for_ever", timed_out,
       "did not stop within 60 ms, ignored SIGTERM, and was killed", "begun"},
      {"recurse", crashed, "killed by signal 11 (SIGSEGV)", {}},
      {"throw_it", failed, "thrown on purpose", {}},
      {"fork_bomb", succeeded, {}, {}},
      {"daemonize", succeeded, {}, {}},
      {"daemonize_and_die", crashed, "killed by signal 6 (SIGABRT)", {}},
      {"write_for_ever", timed_out, terminated, "another line"},
      // Killed, if its end takes longer than close_all_and_stay may.
      {"close_all", crashed, {}, {}},
      {"kill_warden",
       crashed,
       "its job host was killed together with its warden",
       {}},
      {"stop_warden", timed_out, terminated, "begun"},
      {"write_garbage",
       crashed,
       "its job host was killed: it wrote garbage to its connection with the "
       "server",
       {}},
      {"close_all_and_stay",
       crashed,
       "its job host was killed: it closed its connection with the server",
       {}},
      {"stop_itself",
       crashed,
       "stopped itself with signal 19 (SIGSTOP), and was killed for it",
       {}},
      {"leave_a_thread", succeeded, {}, {}}};
  // Sanitized memory is mapped in advance, and checks of it open pipes.
  if (!JOBQ_SANITIZED) {
    made.push_back({"open_files", succeeded, {}, {}});
    made.push_back({"allocate_for_ever", failed, "out of memory", {}});
  }
  return made;
}

class hostile_runs_test : public host_test {
protected:
  hostile_runs_test() {
    auto options = usual();
    options.obey_grace = 10ms;
    options.terminate_grace = 50ms;
    options.host.silence_patience = 50ms;
    restart(options);
    if (!JOBQ_SANITIZED)
      plan_.limits.memory = 64 << 20;
  }

  /// One round of all acts. @returns how many there were
  int play() {
    for (const auto& each : acts_) {
      const auto what = a_run(each.function);
      auto hears = start(what, plan_);
      if (!each.endless.empty()) {
        EXPECT_TRUE(hears.wait_for_line(each.endless)) << each.function;
        hosts().stop(what.id, stop_reason::timeout);
      }
      const auto result = hears.wait();
      EXPECT_EQ(result.kind, each.kind) << each.function << result.error;
      EXPECT_TRUE(result.error.starts_with(each.error))
          << each.function << result.error;
    }
    return static_cast<int>(acts_.size());
  }

  /// Until only the host that is warm has any.
  std::size_t descriptors_at_rest() {
    EXPECT_EQ(result_of("nothing", plan_).kind, outcome_kind::succeeded);
    // What the last acts left may still be dying.
    EXPECT_TRUE(soon([] { return processes() <= 2; })) << processes();
    EXPECT_TRUE(soon([this] { return hosts().statistics().hosts == 1; }));
    return open_descriptors();
  }

  /// After a crash; the best of several tries.
  std::chrono::steady_clock::duration time_to_next_run() {
    auto best = std::chrono::steady_clock::duration::max();
    for (int i = 0; i < 20 && best >= 50ms; ++i) {
      auto hostile = start(a_run("null_dereference"), plan_);
      hostile.wait();
      auto next = start(a_run("nothing"), plan_);
      next.wait();
      best = std::min(best, next.ended_at() - hostile.ended_at());
    }
    return best;
  }

  const std::vector<act> acts_ = all_acts();
  execution_plan plan_ = a_plan();
};

TEST_F(hostile_runs_test, a_thousand_leave_nothing) {
  play();
  play();
  const auto descriptors = descriptors_at_rest();
  const auto memory = resident();
  for (int runs = 0; runs < (JOBQ_SANITIZED ? 50 : 1000);)
    runs += play();
  EXPECT_TRUE(soon([&] { return descriptors_at_rest() == descriptors; }))
      << open_descriptors() << " instead of " << descriptors;
  if (!JOBQ_SANITIZED) {
    EXPECT_LT(resident(), memory + (1U << 20U));
  }
}

TEST_F(hostile_runs_test, after_a_round_the_next_run_is_done_within_50_ms) {
  play();
  const auto best = time_to_next_run();
  if (!JOBQ_SANITIZED) {
    EXPECT_LT(best, 50ms);
  }
}

} // namespace

} // namespace jobq
