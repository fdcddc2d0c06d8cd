// How soon, as a rule and not at best: the median of several tries.
#include <chrono>
#include <ostream>
#include <string>

#include "tests/extensions/host/host_fixture.hpp"
#include "tests/median.hpp"

namespace jobq {

using namespace std::chrono_literals;

namespace {

using steady = std::chrono::steady_clock;

constexpr int tries = 7;

/// Sanitized code is too slow to be judged.
constexpr steady::duration unless_sanitized(steady::duration bound) {
  return JOBQ_SANITIZED ? steady::duration::max() : bound;
}

class time_bounds_test : public host_test {};

TEST_F(time_bounds_test, a_dead_child_is_noticed_within_10_ms) {
  constexpr auto bound = unless_sanitized(10ms);
  const auto typical = test::median_below(bound, tries, [this] {
    auto hears = start(a_run("die_by_the_clock"));
    EXPECT_EQ(hears.wait().kind, outcome_kind::crashed);
    const auto lines = hears.lines();
    const std::string said = lines.empty() ? "" : lines[0];
    if (!said.starts_with("dies at ")) {
      ADD_FAILURE() << "said \"" << said << '"';
      return steady::duration::max();
    }
    const steady::time_point died{
        std::chrono::nanoseconds{std::stoll(said.substr(8))}};
    EXPECT_GT(hears.ended_at(), died);
    return hears.ended_at() - died;
  });
  EXPECT_LT(typical, bound);
}

/// A way to misbehave, and what becomes of it.
struct hostile_act {
  const char* function;
  outcome_kind end = outcome_kind::crashed;
  /// What it logs when it has begun, if only a timeout ends it.
  const char* endless = nullptr;
};

void PrintTo(const hostile_act& act, std::ostream* out) {
  *out << act.function;
}

constexpr hostile_act endless(const char* function, const char* line) {
  return {function, outcome_kind::timed_out, line};
}

class hostile_act_test : public host_test,
                         public testing::WithParamInterface<hostile_act> {};

TEST_P(hostile_act_test, the_next_run_is_done_within_50_ms) {
  const std::string act = GetParam().function;
  if (JOBQ_SANITIZED && act == "allocate_for_ever")
    GTEST_SKIP() << "sanitized memory is mapped in advance";
  auto options = usual();
  options.max_hosts = 1; // the next run needs this very place
  options.obey_grace = options.terminate_grace = 10ms;
  options.host.silence_patience = 50ms;
  restart(options);
  auto plan = a_plan();
  if (!JOBQ_SANITIZED)
    plan.limits.memory = 128 << 20;
  constexpr auto bound = unless_sanitized(50ms);
  const auto typical = test::median_below(bound, tries, [&] {
    // The act is to find a host that waits for it.
    EXPECT_EQ(result_of("nothing", plan).kind, outcome_kind::succeeded);
    const auto hostile = a_run(act);
    auto hears = start(hostile, plan);
    auto other = a_run("nothing");
    other.job = "another";
    auto next = start(other);
    if (GetParam().endless != nullptr) {
      EXPECT_TRUE(hears.wait_for_line(GetParam().endless));
      hosts().stop(hostile.id, stop_reason::timeout);
    }
    EXPECT_EQ(hears.wait().kind, GetParam().end) << hears.wait().error;
    EXPECT_EQ(next.wait().kind, outcome_kind::succeeded);
    return next.ended_at() - hears.ended_at();
  });
  EXPECT_LT(typical, bound);
}

constexpr auto done = outcome_kind::succeeded;
constexpr auto failed = outcome_kind::failed;

INSTANTIATE_TEST_SUITE_P(
    , hostile_act_test,
    testing::Values(
        hostile_act{"null_dereference"}, hostile_act{"abort"},
        hostile_act{"exit_zero"}, hostile_act{"exit_three"},
        hostile_act{"recurse"}, hostile_act{"throw_it", failed},
        hostile_act{"allocate_for_ever", failed},
        endless("loop_for_ever", "begun"), endless("sleep_for_ever", "begun"),
        endless("write_for_ever", "another line"),
        endless("log_for_ever", "xxx"), hostile_act{"fork_bomb", done},
        hostile_act{"daemonize", done}, hostile_act{"daemonize_and_die"},
        hostile_act{"close_all"}, hostile_act{"close_all_and_stay"},
        hostile_act{"write_garbage"}, hostile_act{"stop_itself"},
        endless("stop_warden", "begun"), hostile_act{"kill_warden"},
        hostile_act{"open_files", done}, hostile_act{"leave_a_thread", done}),
    [](const auto& about) { return std::string{about.param.function}; });

} // namespace

} // namespace jobq
