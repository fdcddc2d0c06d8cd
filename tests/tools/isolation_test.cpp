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
  auto best = milliseconds::max();
  for (int i = 0; i < 10 && best >= 350ms; ++i) {
    const auto last = ended(begin("obedient"))["attempts"].back();
    ASSERT_EQ(last["outcome"], "timed_out") << last;
    EXPECT_EQ(last["message"], "obeyed");
    const milliseconds took{last["duration_ms"].get<std::int64_t>()};
    EXPECT_GE(took, 295ms) << "too early";
    best = std::min(best, took);
  }
  EXPECT_LT(best, 350ms);
}

TEST_F(isolation_test, a_function_that_crashes_is_poison_and_others_run_on) {
  auto jobqd = start();
  ASSERT_TRUE(jobqd.says("is running")) << jobqd.said();
  const auto crashing = begin("crashing");
  int meanwhile = 0;
  while (get("/v1/runs/" + crashing)["state"] != "discarded"
         && meanwhile < 1000) {
    ASSERT_EQ(ended(begin("quick"))["outcome"], "succeeded");
    ++meanwhile;
  }
  EXPECT_GT(meanwhile, 0);
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
  EXPECT_LT(best, 1s);
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
