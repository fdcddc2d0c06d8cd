// What keeps job functions within bounds is told: by the API, by the tool, and
// in the server's log.
#include <unistd.h>

#include <memory>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "extensions/host/containment.hpp"
#include "tests/tools/jobqd_program.hpp"
#include "tests/tools/requests.hpp"
#include "tests/tools/temp_dir.hpp"
#include "tools/api/api.hpp"
#include "tools/cli/render_status.hpp"
#include "tools/runtime.hpp"

namespace jobq {
namespace {

constexpr auto unbounded_words
    = "processes unbounded (root is not bound by rlimits: set "
      "scheduler.run_as)";

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// A server without a socket.
class containment_status : public testing::Test {
protected:
  json hosts_of_server(const std::string& settings) {
    runtime_options options;
    options.config = dir_.write("config.yaml",
                                "scheduler: {workers: 1" + settings + "}\n");
    options.data = dir_.path() / "data";
    options.on_stop = [] {};
    auto opened = runtime::open(std::move(options));
    if (!opened) {
      ADD_FAILURE() << opened.error().message;
      return {};
    }
    runtime_ = std::move(*opened);
    return json::parse(handle(*runtime_, test::get("/v1/status")).body)
        .at("hosts");
  }

  test::temp_dir dir_;
  std::unique_ptr<runtime> runtime_;
};

TEST_F(containment_status, is_that_of_the_hosts) {
  const auto hosts = hosts_of_server("");
  const auto contained = runtime_->hosts().contained;
  EXPECT_EQ(hosts["memory"], to_string(contained.memory));
  EXPECT_EQ(hosts["processes"], to_string(contained.processes));
  EXPECT_EQ(hosts["limits"], describe(contained));
  EXPECT_TRUE(hosts["user"].is_null());
  EXPECT_TRUE(hosts["memory"] == "cgroup" || hosts["memory"] == "rlimit")
      << hosts;
}

TEST_F(containment_status, of_root_is_a_cgroup_or_unbounded_processes) {
  if (::geteuid() != 0)
    GTEST_SKIP() << "others are bound by rlimits";
  const auto hosts = hosts_of_server("");
  if (hosts["processes"] == "cgroup")
    GTEST_SKIP() << "here root has control groups: " << hosts["limits"];
  EXPECT_EQ(hosts["processes"], "unbounded");
  EXPECT_TRUE(contains(hosts["limits"], unbounded_words)) << hosts;
}

TEST_F(containment_status, of_another_user_than_root_is_never_unbounded) {
  if (::geteuid() != 0)
    GTEST_SKIP() << "only root can become somebody else";
  const auto hosts = hosts_of_server(", run_as: nobody");
  EXPECT_EQ(hosts["user"], "nobody");
  EXPECT_TRUE(hosts["processes"] == "cgroup" || hosts["processes"] == "rlimit")
      << hosts;
  EXPECT_FALSE(contains(hosts["limits"], "unbounded")) << hosts;
}

json status_with(json hosts) {
  return {{"hosts", std::move(hosts)}};
}

TEST(containment_line, has_the_limits_as_a_sentence) {
  const auto page
      = render_status(status_with({{"hosts", 2},
                                   {"max_hosts", 4},
                                   {"idle", 1},
                                   {"started", 5},
                                   {"crashed", 3},
                                   {"replaced", 0},
                                   {"user", "jobs"},
                                   {"memory", "cgroup"},
                                   {"processes", "cgroup"},
                                   {"limits", "memory limited by cgroup"}}),
                      true, style{});
  EXPECT_TRUE(contains(page, "hosts     2 of at most 4, 1 idle; 5 started, 3 "
                             "crashed, 0 replaced; as user jobs\n"
                             "limits    memory limited by cgroup\n"))
      << page;
}

TEST(containment_line, stands_out_when_processes_are_unbounded) {
  const auto line = [](const char* processes) {
    style look;
    look.colour = true;
    const auto page = render_status(
        status_with({{"processes", processes}, {"limits", "as it is"}}), true,
        look);
    const auto at = page.find("limits ");
    return page.substr(at, page.find('\n', at) - at);
  };
  EXPECT_EQ(line("rlimit"), "limits    as it is");
  EXPECT_EQ(line("unbounded"), "limits    \033[33mas it is\033[0m");
}

class containment_log : public test::jobqd_fixture {
protected:
  containment_log() : jobqd_fixture{"scheduler: {workers: 1}\n"} {}

  /// The line of the log that tells it.
  static std::string line_of(const test::jobqd_program& jobqd) {
    const auto at = jobqd.said().find("job hosts: ");
    if (at == std::string::npos)
      return {};
    const auto begin = jobqd.said().rfind('\n', at) + 1;
    return jobqd.said().substr(begin, jobqd.said().find('\n', at) - begin);
  }
};

TEST_F(containment_log, has_what_status_has) {
  auto jobqd = start();
  ASSERT_TRUE(jobqd.says("is running")) << jobqd.said();
  const auto limits = get("/v1/status")["hosts"]["limits"].get<std::string>();
  EXPECT_TRUE(line_of(jobqd).ends_with("job hosts: " + limits)) << jobqd.said();
}

TEST_F(containment_log, warns_of_the_unbounded_processes_of_root) {
  if (::geteuid() != 0)
    GTEST_SKIP() << "others are bound by rlimits";
  auto jobqd = start();
  ASSERT_TRUE(jobqd.says("is running")) << jobqd.said();
  const auto hosts = get("/v1/status")["hosts"];
  if (hosts["processes"] == "cgroup")
    GTEST_SKIP() << "here root has control groups: " << hosts["limits"];
  EXPECT_TRUE(contains(line_of(jobqd), " warn")) << jobqd.said();
  EXPECT_TRUE(contains(line_of(jobqd), unbounded_words)) << jobqd.said();
}

TEST_F(containment_log, does_not_warn_when_hosts_have_a_user) {
  if (::geteuid() != 0)
    GTEST_SKIP() << "only root can become somebody else";
  dir_.write("config.yaml", "scheduler: {workers: 1, run_as: nobody}\n");
  auto jobqd = start();
  ASSERT_TRUE(jobqd.says("is running")) << jobqd.said();
  EXPECT_TRUE(contains(line_of(jobqd), " info")) << jobqd.said();
  EXPECT_FALSE(contains(jobqd.said(), "unbounded")) << jobqd.said();
}

TEST_F(containment_log, a_user_that_is_not_there_ends_it_with_2_and_advice) {
  for (const auto& [name, why] :
       {std::pair{"no-such-user-here",
                  "is no user of this machine: create it or name another"},
        std::pair{"root", "is root: name a user without privileges"}}) {
    dir_.write("config.yaml",
               std::string{"scheduler: {run_as: "} + name + "}\n");
    auto jobqd = start();
    EXPECT_EQ(jobqd.end(), 2) << jobqd.said();
    EXPECT_TRUE(contains(jobqd.said(), std::string{"scheduler.run_as: \""}
                                           + name + "\" " + why))
        << jobqd.said();
  }
}

} // namespace
} // namespace jobq
