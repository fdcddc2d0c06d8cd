// The promises of job hosts, held against the programs as they ship.
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "extensions/host/process_tree.hpp"
#include "jobs/stop_ladder.hpp"
#include "tests/median.hpp"
#include "tests/tools/jobqd_program.hpp"

namespace jobq {
namespace {

using namespace std::chrono_literals;
using steady = std::chrono::steady_clock;

constexpr auto configuration = R"(
scheduler:
  workers: 4
  extensions: [ )" JOBQ_TEST_LIBRARIES R"(/libhostile.so ]
  jobs:
    - {name: quick, extension: hostile, job: nothing}
    - {name: obedient, extension: hostile, job: obey, timeout: 300ms}
    - name: endless
      extension: hostile
      job: write_for_ever
      timeout: 500ms
      limits: {output: 64KiB}
    - {name: sleeper, extension: hostile, job: sleep_for_ever, timeout: 1s}
    - {name: ignorant, extension: hostile, job: loop_for_ever, timeout: 1s}
    - {name: unguarded, extension: hostile, job: stop_warden, timeout: 1s}
    - name: stubborn
      extension: command
      command:
        - /bin/sh
        - -c
        - trap '' TERM; echo '{"items_processed":3}' >&3; exec sleep 1000
      timeout: 4s
    - name: patient
      extension: command
      command: [/bin/sh, -c, "[ -e tried ] || { : > tried; exit 75; }"]
      working_directory: .
      backoff: {type: fixed, base: 100ms, jitter: 0}
    - {name: deaf, extension: hostile, job: loop_for_ever}
    - {name: mindless, extension: hostile, job: stop_warden}
    - {name: bomb, extension: hostile, job: bomb_and_stop_warden}
    - name: crashing
      extension: hostile
      job: null_dereference
      max_crashes: 3
      backoff: {type: fixed, base: 100ms, jitter: 0}
    - name: program
      extension: command
      command: ["/bin/sh", "-c", "setsid sleep 1000 & exec sleep 1000"]
)";

class isolation_test : public test::jobqd_fixture {
protected:
  isolation_test() : jobqd_fixture{configuration} {}

  std::string begin(const std::string& job) const {
    return post("/v1/jobs/" + job + "/run")["id"].get<std::string>();
  }

  /// The run once it is in one of the final states, or after 20 s.
  json ended(const std::string& id) const {
    json found;
    within(20s, [&] {
      found = get("/v1/runs/" + id);
      const auto state = found["state"].get<std::string>();
      return state == "completed" || state == "discarded"
             || state == "cancelled";
    });
    return found;
  }

  milliseconds timeout_of(const std::string& job) const {
    return milliseconds{
        get("/v1/jobs/" + job)["policies"]["timeout_ms"].get<std::int64_t>()};
  }

  static bool within(milliseconds limit, const std::function<bool()>& holds) {
    const auto deadline = steady::now() + limit;
    while (!holds()) {
      if (steady::now() > deadline)
        return false;
      std::this_thread::sleep_for(5ms);
    }
    return true;
  }
};

TEST_F(isolation_test, a_timeout_fires_within_50_ms_of_its_time) {
  auto jobqd = start();
  ASSERT_TRUE(jobqd.says("is running")) << jobqd.said();
  ended(begin("quick")); // there is a host now
  constexpr milliseconds set{300};
  constexpr milliseconds bound{50};
  const auto late = test::median_below(bound, 9, [&] {
    const auto last = ended(begin("obedient"))["attempts"].back();
    EXPECT_EQ(last["outcome"], "timed_out") << last;
    EXPECT_EQ(last["message"], "obeyed");
    const milliseconds took{last["duration_ms"].get<std::int64_t>()};
    EXPECT_GE(took, set - milliseconds{5}) << "too early";
    return took - set;
  });
  if (!JOBQ_SANITIZED) {
    EXPECT_LT(late, bound);
  }
}

TEST_F(isolation_test, each_step_of_a_stop_comes_at_its_time) {
  auto jobqd = start();
  ASSERT_TRUE(jobqd.says("is running")) << jobqd.said();
  ended(begin("quick"));   // there is a host now
  ended(begin("patient")); // and one for programs: the time is for theirs
  struct step {
    const char* job;
    milliseconds after; ///< the timeout
    json error;
    json message;
    std::string id = {};
  };
  step steps[] = {
      {"stubborn",
       stop_ladder::program,
       {},
       "ignored SIGTERM for 2s: killed by signal 9 (SIGKILL)"},
      {"sleeper",
       stop_ladder::asked,
       "did not stop within 3 s, and was ended with SIGTERM",
       {}},
      {"ignorant",
       stop_ladder::asked + stop_ladder::terminated,
       "did not stop within 5 s, ignored SIGTERM, and was killed",
       {}},
      {"unguarded", // it has stopped its warden, which is woken for the order
       stop_ladder::asked,
       "did not stop within 3 s, and was ended with SIGTERM",
       {}},
  };
  for (auto& each : steps)
    each.id = begin(each.job);
  for (const auto& each : steps) {
    const auto last = ended(each.id)["attempts"].back();
    EXPECT_EQ(last["outcome"], "timed_out") << last;
    EXPECT_EQ(last["error"], each.error) << last;
    EXPECT_EQ(last["message"], each.message) << last;
    // A busy machine may be late, but not so late that the engine gives up.
    const milliseconds took{last["duration_ms"].get<std::int64_t>()};
    const auto timeout = timeout_of(each.job);
    EXPECT_GE(took, timeout + each.after - 5ms) << each.job << " was too early";
    EXPECT_LT(took, timeout + stop_ladder::attempt) << each.job;
  }
  const auto program = get("/v1/runs/" + steps[0].id);
  EXPECT_EQ(program["items_processed"], 3) << "results count";
  EXPECT_EQ(program["attempts"].back()["process"]["signal"], SIGKILL);
  // The hosts of the other three: that of the program lives on.
  EXPECT_EQ(get("/v1/status")["hosts"]["crashed"], 3);
}

TEST_F(isolation_test, a_program_that_asks_for_a_retry_is_tried_again) {
  auto jobqd = start();
  ASSERT_TRUE(jobqd.says("is running")) << jobqd.said();
  const auto done = ended(begin("patient"));
  EXPECT_EQ(done["state"], "completed") << done;
  ASSERT_EQ(done["attempts"].size(), 2U) << done;
  EXPECT_EQ(done["attempts"][0]["error"], "asks for a retry (exit code 75)");
}

TEST_F(isolation_test, of_output_without_end_the_limit_is_kept) {
  auto jobqd = start();
  ASSERT_TRUE(jobqd.says("is running")) << jobqd.said();
  const auto id = begin("endless");
  EXPECT_EQ(ended(id)["outcome"], "timed_out");
  const auto log = get("/v1/runs/" + id + "/log")["log"].get<std::string>();
  EXPECT_LE(log.size(), 64U << 10U);
  EXPECT_GT(log.size(), 32U << 10U);
  EXPECT_TRUE(log.starts_with("(")) << log.substr(0, 100);
}

TEST_F(isolation_test, a_function_that_crashes_is_poison_and_others_run_on) {
  auto jobqd = start();
  ASSERT_TRUE(jobqd.says("is running")) << jobqd.said();
  const auto crashing = begin("crashing");
  int meanwhile = 0;
  do {
    ASSERT_EQ(ended(begin("quick"))["outcome"], "succeeded");
    ++meanwhile;
  } while (get("/v1/runs/" + crashing)["state"] != "discarded"
           && meanwhile < 1000);
  const auto poison = get("/v1/runs/" + crashing);
  EXPECT_EQ(poison["state"], "discarded");
  EXPECT_EQ(poison["reason"], "poison");
  EXPECT_EQ(poison["outcome"], "crashed");
  ASSERT_EQ(poison["attempts"].size(), 3U);
  for (const auto& each : poison["attempts"]) {
    EXPECT_EQ(each["outcome"], "crashed");
    EXPECT_EQ(each["process"]["signal"], SIGSEGV);
    const auto output = each["process"]["output"].get<std::string>();
    EXPECT_NE(output.find("crashed: SIGSEGV"), std::string::npos) << output;
    EXPECT_NE(output.find("libhostile.so"), std::string::npos) << output;
  }
}

class few_hosts_test : public test::jobqd_fixture {
protected:
  few_hosts_test() : jobqd_fixture{text("hosts: 1")} {}

  static std::string text(const std::string& setting) {
    return "scheduler:\n  workers: 4\n  " + setting
           + "\n  extensions: [ " JOBQ_TEST_LIBRARIES "/libhostile.so ]\n"
             "  jobs:\n"
             "    - {name: quick, extension: hostile, job: nothing}\n";
  }
};

TEST_F(few_hosts_test, many_workers_share_few_hosts) {
  auto jobqd = start();
  ASSERT_TRUE(jobqd.says("is running")) << jobqd.said();
  constexpr std::uint64_t runs = 50;
  for (std::uint64_t i = 0; i < runs; ++i)
    post("/v1/jobs/quick/run");
  json status;
  for (int i = 0; i < 2000; ++i) {
    status = get("/v1/status");
    if (status["states"]["completed"] == runs)
      break;
    std::this_thread::sleep_for(5ms);
  }
  EXPECT_EQ(status["states"]["completed"], runs) << status;
  EXPECT_EQ(status["workers"], 4);
  EXPECT_EQ(status["hosts"]["max_hosts"], 1);
  EXPECT_EQ(status["hosts"]["started"], 1);
  dir_.write("config.yaml", text("hosts: 2"));
  post("/v1/reload");
  EXPECT_EQ(get("/v1/status")["hosts"]["max_hosts"], 2);
  dir_.write("config.yaml", text(""));
  post("/v1/reload");
  EXPECT_EQ(get("/v1/status")["hosts"]["max_hosts"], 4);
}

/// Whoever loses its parent becomes a child of this process while it lives, so
/// that nobody escapes the count.
class adoption {
public:
  adoption() { ::prctl(PR_SET_CHILD_SUBREAPER, 1); }
  ~adoption() {
    hosting::kill_descendants();
    ::prctl(PR_SET_CHILD_SUBREAPER, 0);
  }
  adoption(const adoption&) = delete;
  adoption& operator=(const adoption&) = delete;

  static std::size_t alive() {
    return hosting::descendants_of(::getpid()).size();
  }
};

/// What runs when the server is killed.
struct last_runs {
  std::vector<std::string> jobs;
  std::size_t processes; ///< when all of them have begun
  std::size_t stopped;   ///< of those, so that they can't mind anybody
};

class last_runs_test : public isolation_test,
                       public testing::WithParamInterface<last_runs> {
protected:
  static std::size_t stopped() {
    return static_cast<std::size_t>(std::ranges::count_if(
        hosting::descendants_of(::getpid()), [](pid_t pid) {
          std::ifstream file{"/proc/" + std::to_string(pid) + "/stat"};
          std::string text;
          std::getline(file, text);
          return text.find(") T ") != std::string::npos;
        }));
  }
};

TEST_P(last_runs_test, a_killed_server_leaves_nobody_within_a_second) {
  auto best = milliseconds::max();
  for (int i = 0; i < 3 && best >= 1s; ++i) {
    const adoption here;
    auto jobqd = start();
    ASSERT_TRUE(jobqd.says("is running")) << jobqd.said();
    for (const auto& job : GetParam().jobs)
      begin(job);
    ASSERT_TRUE(within(20s, [] {
      return adoption::alive() >= GetParam().processes
             && stopped() >= GetParam().stopped;
    }));
    const auto killed = steady::now();
    jobqd.signal(SIGKILL);
    EXPECT_TRUE(within(20s, [] { return adoption::alive() == 0; }));
    best = std::min(best,
                    std::chrono::ceil<milliseconds>(steady::now() - killed));
    EXPECT_EQ(jobqd.end(), 128 + SIGKILL);
  }
  if (!JOBQ_SANITIZED) {
    EXPECT_LT(best, 1s);
  }
}

INSTANTIATE_TEST_SUITE_P(
    , last_runs_test,
    // The server, two hosts of two processes, the program and its grandchild;
    // one host; one host and its bomb.
    testing::Values(last_runs{{"deaf", "program"}, 7, 0},
                    last_runs{{"mindless"}, 3, 1},
                    last_runs{{"bomb", "mindless"}, 205, 2}),
    [](const auto& about) { return about.param.jobs.front(); });

} // namespace
} // namespace jobq
