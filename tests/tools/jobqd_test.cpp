#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "jobs/time.hpp"
#include "tests/tools/jobqd_program.hpp"
#include "tests/tools/requests.hpp"
#include "tools/api/client.hpp"
#include "tools/paths.hpp"
#include "tools/unix_socket.hpp"

namespace jobq {
namespace {

using namespace std::chrono_literals;

constexpr auto sample = R"(
scheduler:
  jobs:
    - name: sessions
      extension: core
      job: cleanup_inactive_sessions
      schedule: "0 0 3 * * *"
)";

class jobqd_test : public test::jobqd_fixture {
protected:
  jobqd_test() : jobqd_fixture{sample} {}
};

TEST_F(jobqd_test, starts_and_stops_by_a_signal) {
  for (const int number : {SIGTERM, SIGINT}) {
    auto jobqd = start();
    ASSERT_TRUE(jobqd.says("is running")) << jobqd.said();
    EXPECT_EQ(get("/v1/status")["server"], true);
    jobqd.signal(number);
    EXPECT_EQ(jobqd.end(), 0) << jobqd.said();
    EXPECT_FALSE(std::filesystem::exists(socket_path(data_)));
  }
}

TEST_F(jobqd_test, a_second_signal_ends_it_at_once) {
  dir_.write("config.yaml", std::string{sample} + R"(
    - name: stubborn
      extension: command
      working_directory: .
      command: [/bin/sh, -c, "trap '' TERM; : > begun; exec sleep 60"]
)");
  auto jobqd = start();
  ASSERT_TRUE(jobqd.says("is running")) << jobqd.said();
  begin("stubborn");
  while (!std::filesystem::exists(dir_.path() / "begun"))
    std::this_thread::sleep_for(10ms);
  jobqd.signal(SIGTERM);
  EXPECT_TRUE(jobqd.says("stopping: SIGTERM")) << jobqd.said();
  jobqd.signal(SIGTERM);
  EXPECT_TRUE(jobqd.says("a second signal")) << jobqd.said();
  EXPECT_EQ(jobqd.end(), 1);
}

TEST_F(jobqd_test, does_not_start_without_the_program_of_job_hosts) {
  ::setenv("JOBQ_HOST_PROGRAM", "/no/such/program", 1);
  auto jobqd = start();
  ::unsetenv("JOBQ_HOST_PROGRAM");
  EXPECT_EQ(jobqd.end(), 3);
  EXPECT_NE(jobqd.said().find("JOBQ_HOST_PROGRAM names /no/such/program"),
            std::string::npos)
      << jobqd.said();
}

TEST_F(jobqd_test, starts_with_the_environment_of_a_job) {
  ::setenv("JOBQ_HOST", "4711", 1);
  auto jobqd = start();
  ::unsetenv("JOBQ_HOST");
  EXPECT_TRUE(jobqd.says("is running")) << jobqd.said();
}

TEST_F(jobqd_test, tells_the_service_manager_how_things_stand) {
  const auto path = (dir_.path() / "notify").string();
  const unique_fd manager{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  ASSERT_LT(path.size(), sizeof address.sun_path);
  path.copy(address.sun_path, path.size());
  ASSERT_EQ(::bind(manager.get(), reinterpret_cast<const sockaddr*>(&address),
                   sizeof address),
            0);
  const auto told = [&] {
    std::string text(1'000, '\0');
    if (!wait_for(manager.get(), POLLIN,
                  std::chrono::steady_clock::now() + 20s))
      return std::string{"nothing"};
    const auto size = ::recv(manager.get(), text.data(), text.size(), 0);
    return text.substr(0, static_cast<std::size_t>(std::max(size, ssize_t{0})));
  };
  ::setenv("NOTIFY_SOCKET", path.c_str(), 1);
  auto jobqd = start();
  ::unsetenv("NOTIFY_SOCKET");
  EXPECT_TRUE(told().starts_with("READY=1")) << jobqd.said();
  jobqd.signal(SIGHUP);
  EXPECT_TRUE(told().starts_with("RELOADING=1\nMONOTONIC_USEC="));
  EXPECT_EQ(told(), "READY=1");
  jobqd.signal(SIGTERM);
  EXPECT_EQ(told(), "STOPPING=1");
  EXPECT_EQ(jobqd.end(), 0) << jobqd.said();
}

TEST_F(jobqd_test, stops_when_the_api_is_asked) {
  auto jobqd = start();
  ASSERT_TRUE(jobqd.says("is running")) << jobqd.said();
  const auto client = connect_to_server(socket_path(data_));
  ASSERT_TRUE(client);
  EXPECT_TRUE((*client)->call(test::post("/v1/stop")));
  EXPECT_EQ(jobqd.end(), 0) << jobqd.said();
}

TEST_F(jobqd_test, logs_the_end_of_each_run) {
  auto jobqd = start();
  ASSERT_TRUE(jobqd.says("is running")) << jobqd.said();
  const auto client = connect_to_server(socket_path(data_));
  ASSERT_TRUE(client);
  ASSERT_TRUE((*client)->call(test::post("/v1/jobs/sessions/run")));
  EXPECT_TRUE(jobqd.says("of sessions: completed, succeeded")) << jobqd.said();
}

TEST_F(jobqd_test, reads_its_configuration_again_on_sighup) {
  auto jobqd = start();
  ASSERT_TRUE(jobqd.says("is running")) << jobqd.said();
  dir_.write("config.yaml", std::string{sample}
                                + "    - {name: more, extension: core, "
                                  "job: publish_content}\n");
  jobqd.signal(SIGHUP);
  EXPECT_TRUE(jobqd.says("reload: 2 jobs")) << jobqd.said();
  EXPECT_EQ(get("/v1/jobs")["jobs"].size(), 2U);
  dir_.write("config.yaml", "scheduler: {jobs: 1}");
  jobqd.signal(SIGHUP);
  EXPECT_TRUE(jobqd.says("the one before stays")) << jobqd.said();
  EXPECT_EQ(get("/v1/jobs")["jobs"].size(), 2U);
}

TEST_F(jobqd_test, a_configuration_with_errors_ends_with_2_and_all_of_them) {
  dir_.write("config.yaml", R"(
scheduler:
  jobs:
    - {name: a, extension: core, schedule: "nonsense"}
    - {name: b, extension: core, priority: 1000}
)");
  auto jobqd = start();
  EXPECT_EQ(jobqd.end(), 2);
  EXPECT_NE(jobqd.said().find("config.yaml:4"), std::string::npos)
      << jobqd.said();
  EXPECT_NE(jobqd.said().find("config.yaml:5"), std::string::npos)
      << jobqd.said();
}

TEST_F(jobqd_test, wrong_usage_ends_with_2) {
  for (const auto& arguments :
       std::vector<std::vector<std::string>>{{"--nonsense"},
                                             {"argument"},
                                             {"--log-level", "loud"},
                                             {"--config"}}) {
    test::jobqd_program jobqd{arguments};
    EXPECT_EQ(jobqd.end(), 2) << jobqd.said();
  }
  test::jobqd_program help{{"--help"}};
  EXPECT_EQ(help.end(), 0);
  EXPECT_NE(help.said().find("Example:"), std::string::npos);
  test::jobqd_program version{{"--version"}};
  EXPECT_EQ(version.end(), 0);
}

TEST_F(jobqd_test, has_jemalloc_give_free_memory_back_soon) {
  ::setenv("MALLOC_CONF", "stats_print:true", 1);
  test::jobqd_program jobqd{{"--version"}};
  ::unsetenv("MALLOC_CONF");
  EXPECT_EQ(jobqd.end(), 0);
  const auto& said = jobqd.said();
  if (said.find("jemalloc") == std::string::npos)
    GTEST_SKIP() << "built without jemalloc";
  EXPECT_NE(said.find("opt.dirty_decay_ms: 500 "), std::string::npos) << said;
  EXPECT_NE(said.find("opt.background_thread: true "), std::string::npos);
}

TEST_F(jobqd_test, a_second_server_ends_with_4_and_names_the_store) {
  auto first = start();
  ASSERT_TRUE(first.says("is running")) << first.said();
  auto second = start();
  EXPECT_EQ(second.end(), 4);
  EXPECT_NE(second.said().find(store_path(data_).string()), std::string::npos)
      << second.said();
  EXPECT_EQ(get("/v1/status")["server"], true);
}

TEST_F(jobqd_test, starts_again_after_it_was_killed) {
  {
    auto killed = start();
    ASSERT_TRUE(killed.says("is running")) << killed.said();
    const auto client = connect_to_server(socket_path(data_));
    ASSERT_TRUE(client);
    ASSERT_TRUE((*client)->call(test::post("/v1/jobs/sessions/run")));
    killed.signal(SIGKILL);
    EXPECT_EQ(killed.end(), 128 + SIGKILL);
  }
  EXPECT_TRUE(std::filesystem::exists(socket_path(data_)));
  auto jobqd = start();
  ASSERT_TRUE(jobqd.says("is running")) << jobqd.said();
  EXPECT_EQ(get("/v1/runs")["runs"].size(), 1U)
      << "an acknowledged run was lost";
}

TEST_F(jobqd_test, shows_every_second_exactly_once_over_kills) {
  dir_.write("config.yaml", R"(
scheduler:
  jobs:
    - name: tick
      extension: core
      job: cleanup_empty_contexts
      schedule: "* * * * * *"
      overlap_policy: allow_all
      catchup: all
      catchup_window: 1h
      catchup_limit: 1000
)");
  for (int round = 0; round < 5; ++round) {
    auto killed = start();
    ASSERT_TRUE(killed.says("is running")) << killed.said();
    // Somewhere between two ticks, at one, in the middle of a commit.
    std::this_thread::sleep_for(137ms * (5 * round + 1) % 1700);
    killed.signal(SIGKILL);
    EXPECT_EQ(killed.end(), 128 + SIGKILL);
    std::this_thread::sleep_for(300ms * round);
  }
  auto jobqd = start();
  ASSERT_TRUE(jobqd.says("run ")) << jobqd.said();
  std::set<std::string> seconds;
  std::size_t expected = 0;
  // What was caught up ends in any order: a gap may be a run under way.
  for (int look = 0; look < 100; ++look) {
    std::size_t shown = 0;
    seconds.clear();
    const auto history = get("/v1/history?n=1000")["runs"];
    for (const auto& one : history) {
      seconds.insert(one["nominal_time"].get<std::string>());
      ++shown;
    }
    ASSERT_EQ(shown, seconds.size()) << "a tick ran twice";
    expected = 3;
    if (shown >= expected) {
      const auto first = parse_rfc3339(*seconds.begin());
      const auto last = parse_rfc3339(*seconds.rbegin());
      ASSERT_TRUE(first && last);
      expected = static_cast<std::size_t>((*last - *first) / 1s) + 1;
    }
    if (shown == expected)
      break;
    std::this_thread::sleep_for(100ms);
  }
  EXPECT_EQ(seconds.size(), expected) << "a tick was lost";
}

} // namespace
} // namespace jobq
