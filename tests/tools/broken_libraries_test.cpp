// A server whose configuration names libraries that can't be used.
#include <string>

#include "tests/tools/jobqd_program.hpp"
#include "tests/tools/requests.hpp"
#include "tools/api/client.hpp"
#include "tools/cli/render_status.hpp"
#include "tools/paths.hpp"

namespace jobq {
namespace {

constexpr auto exits = JOBQ_TEST_LIBRARIES "/libexits_when_opened.so";
constexpr auto hangs = JOBQ_TEST_LIBRARIES "/libhangs_when_opened.so";

constexpr auto exit_fault
    = ": broke its job host while it was opened: ended its process with exit "
      "code 0 instead of returning";
constexpr auto hang_fault = ": did not answer within 10s of being opened";

class broken_libraries : public test::jobqd_fixture {
protected:
  broken_libraries() : jobqd_fixture{""} {}

  /// A job of the library, and two that have nothing to do with it.
  void configure(const std::string& library) const {
    dir_.write("config.yaml", "scheduler:\n  extensions: [" + library
                                  + ", " JOBQ_TEST_LIBRARIES "/libhostile.so]\n"
                                    R"(
  jobs:
    - {name: orphan, extension: gone, job: work, schedule: "* * * * * *"}
    - {name: sound, extension: hostile, job: nothing}
    - {name: greets, extension: command, command: [/bin/echo, hello]}
)");
  }

  /// That a server starts all the same, disables the orphan alone and names
  /// the fault wherever libraries are told of.
  void expect_told(const std::string& library, const std::string& why) const {
    configure(library);
    auto jobqd = start();
    ASSERT_TRUE(jobqd.says("scheduler.extensions: " + library + why))
        << jobqd.said();
    ASSERT_TRUE(jobqd.says("is running")) << jobqd.said();

    const auto status = get("/v1/status");
    const auto libraries = status["libraries"];
    ASSERT_EQ(libraries.size(), 2U) << libraries;
    EXPECT_EQ(libraries[0]["path"], library);
    EXPECT_EQ(libraries[0]["fault"], library + why);
    EXPECT_TRUE(libraries[0]["extension"].is_null()) << libraries[0];
    EXPECT_TRUE(libraries[1]["fault"].is_null()) << libraries[1];
    EXPECT_NE(status["config"]["warnings"].dump().find(library + why),
              std::string::npos)
        << status["config"];
    const auto page = render_status(status, true, style{});
    EXPECT_NE(page.find("library   " + library + why + "\n"), std::string::npos)
        << page;

    const auto jobs = get("/v1/jobs")["jobs"];
    ASSERT_EQ(jobs.size(), 3U) << jobs;
    EXPECT_NE(jobs[0].value("problem", "").find(library + why),
              std::string::npos)
        << jobs[0];
    EXPECT_TRUE(jobs[0]["next_run"].is_null()) << jobs[0];
    EXPECT_TRUE(jobs[1]["problem"].is_null()) << jobs[1];
    EXPECT_TRUE(jobs[2]["problem"].is_null()) << jobs[2];

    const auto client = connect_to_server(socket_path(data_));
    ASSERT_TRUE(client) << client.error().message;
    const auto refused = (*client)->call(test::post("/v1/jobs/orphan/run"));
    ASSERT_FALSE(refused) << *refused;
    EXPECT_NE(refused.error().message.find(library + why), std::string::npos)
        << refused.error().message;
    EXPECT_EQ(run_to_end("sound")["outcome"], "succeeded");
    EXPECT_EQ(run_to_end("greets")["outcome"], "succeeded");
  }
};

TEST_F(broken_libraries, one_that_exits_disables_its_jobs_alone) {
  expect_told(exits, exit_fault);
}

TEST_F(broken_libraries, one_that_hangs_disables_its_jobs_alone) {
  expect_told(hangs, hang_fault);
}

TEST_F(broken_libraries, one_that_was_mended_serves_after_a_reload) {
  configure(exits);
  auto jobqd = start();
  ASSERT_TRUE(jobqd.says("is running")) << jobqd.said();
  EXPECT_FALSE(get("/v1/jobs")["jobs"][0]["problem"].is_null());
  dir_.write("config.yaml", R"(
scheduler:
  extensions: [)" JOBQ_TEST_LIBRARIES R"(/libin_c.so]
  jobs:
    - {name: orphan, extension: in_c, job: say_all}
)");
  post("/v1/reload");
  EXPECT_TRUE(get("/v1/jobs")["jobs"][0]["problem"].is_null());
  EXPECT_EQ(run_to_end("orphan")["message"], "said");
}

} // namespace
} // namespace jobq
