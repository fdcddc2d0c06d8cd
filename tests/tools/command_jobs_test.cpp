// Programs as jobs, from a configuration to the history: a server, its job
// hosts and the tool as they ship.
#include <signal.h>
#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "tests/tools/jobqd_program.hpp"
#include "tests/tools/requests.hpp"
#include "tools/api/client.hpp"
#include "tools/paths.hpp"

namespace jobq {
namespace {

constexpr auto configuration = R"(
scheduler:
  workers: 2
  jobs:
    - name: greets
      extension: command
      command: [/bin/sh, -c, "echo hello from $JOBQ_JOB"]
    - name: fails
      extension: command
      command: [/bin/sh, -c, "echo begun; echo page 4 is missing >&2; exit 3"]
    - name: waits_its_turn
      extension: command
      working_directory: .
      command: [/bin/sh, -c, "[ -e turn ] || { : > turn; exit 75; }"]
      backoff: {type: fixed, base: 100ms, jitter: 0}
    - name: reports
      extension: command
      working_directory: .
      command:
        - /bin/sh
        - -c
        - |
          echo '{"progress": 0.4, "message": "page 4 of 10"}' >&3
          until [ -e go ]; do sleep 0.01; done
          echo '{"counters": {"pages": 10}, "items_processed": 10}' >&3
          echo '{"items_failed": 2, "result": "10 pages"}' >&3
    - name: sleeps
      extension: command
      command: [/bin/sh, -c, "echo asleep; exec sleep 1000"]
      timeout: 3s
    - name: is_killed
      extension: command
      command: [/bin/sh, -c, "echo the last words; kill -KILL $$"]
    - name: is_missing
      extension: command
      command: [/nowhere/to/be/found]
      max_attempts: 5
)";

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

class command_jobs : public test::jobqd_fixture {
protected:
  command_jobs() : jobqd_fixture{configuration} {}

  void SetUp() override {
    ASSERT_TRUE(jobqd_.says("is running")) << jobqd_.said();
  }

  /// The job's only run as history has it.
  json in_history(const std::string& job) const {
    const auto runs = get("/v1/history?job=" + job)["runs"];
    EXPECT_EQ(runs.size(), 1U) << runs;
    return runs.empty() ? json::object() : runs[0];
  }

  std::string log_of(const json& run) const {
    return get("/v1/runs/" + run["id"].get<std::string>() + "/log")["log"]
        .get<std::string>();
  }

  struct cli_result {
    int code = -1;
    std::string output; ///< and diagnostics
  };

  /// What `jobq` says and how it ends.
  cli_result jobq(const std::string& words) const {
    const auto line = JOBQ_BIN_DIR "/jobq --config '" + config_.string()
                      + "' --data '" + data_.string() + "' " + words + " 2>&1";
    cli_result made;
    FILE* said = ::popen(line.c_str(), "r");
    if (said == nullptr)
      return made;
    std::array<char, 4096> part{};
    while (const auto got = std::fread(part.data(), 1, part.size(), said))
      made.output.append(part.data(), got);
    const int status = ::pclose(said);
    made.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return made;
  }

  test::jobqd_program jobqd_ = start();
};

TEST_F(command_jobs, exit_code_0_is_a_success) {
  const auto run = run_to_end("greets");
  EXPECT_EQ(run["state"], "completed") << run;
  EXPECT_EQ(run["outcome"], "succeeded");
  EXPECT_TRUE(run["error"].is_null());
  const auto process = run["attempts"][0]["process"];
  EXPECT_EQ(process["exit_code"], 0) << process;
  EXPECT_TRUE(process["signal"].is_null());
  EXPECT_GT(process["peak_memory"], 0);
  EXPECT_TRUE(contains(log_of(run), "hello from greets")) << log_of(run);
  EXPECT_EQ(in_history("greets")["outcome"], "succeeded");
  EXPECT_TRUE(jobqd_.says("of greets: completed, succeeded")) << jobqd_.said();
}

TEST_F(command_jobs, another_exit_code_is_a_failure_with_its_last_words) {
  const auto run = run_to_end("fails");
  EXPECT_EQ(run["state"], "discarded") << run;
  EXPECT_EQ(run["outcome"], "failed");
  EXPECT_EQ(run["error"], "exit code 3");
  const auto process = run["attempts"][0]["process"];
  EXPECT_EQ(process["exit_code"], 3) << process;
  EXPECT_TRUE(process["signal"].is_null());
  EXPECT_EQ(process["output"], "begun\npage 4 is missing\n");
  EXPECT_TRUE(contains(log_of(run), "page 4 is missing")) << log_of(run);
  EXPECT_EQ(in_history("fails")["error"], "exit code 3");
}

TEST_F(command_jobs, the_tool_tells_exit_code_and_last_words) {
  const auto done = jobq("run fails");
  EXPECT_EQ(done.code, 1) << done.output;
  EXPECT_TRUE(contains(done.output, "exit code 3")) << done.output;
  const auto id = in_history("fails")["id"].get<std::string>();
  const auto told = jobq("run-info " + id);
  EXPECT_EQ(told.code, 0) << told.output;
  EXPECT_TRUE(contains(told.output, "process: exit code 3")) << told.output;
  EXPECT_TRUE(contains(told.output, "| page 4 is missing")) << told.output;
  const auto log = jobq("logs " + id);
  EXPECT_TRUE(contains(log.output, "page 4 is missing")) << log.output;
  EXPECT_EQ(jobq("run greets").code, 0);
}

TEST_F(command_jobs, exit_code_75_asks_for_an_attempt_more_than_the_usual_one) {
  const auto run = run_to_end("waits_its_turn");
  EXPECT_EQ(run["state"], "completed") << run;
  ASSERT_EQ(run["attempts"].size(), 2U) << run;
  const auto& first = run["attempts"][0];
  EXPECT_EQ(first["outcome"], "failed");
  EXPECT_EQ(first["error"], "asks for a retry (exit code 75)");
  EXPECT_EQ(first["process"]["exit_code"], 75);
  EXPECT_EQ(run["attempts"][1]["outcome"], "succeeded");
  EXPECT_EQ(in_history("waits_its_turn")["attempt"], 2);
}

TEST_F(command_jobs, lines_on_descriptor_3_are_progress_and_result) {
  const auto id = begin("reports");
  const auto client = connect_to_server(socket_path(data_));
  ASSERT_TRUE(client) << client.error().message;
  std::vector<json> progress;
  const auto heard = (*client)->follow(
      test::get("/v1/runs/" + id + "/stream"), [&](const std::string& line) {
        if (auto event = json::parse(line); event["event"] == "progress") {
          progress.push_back(std::move(event));
          std::ofstream{dir_.path() / "go"}; // it waits for this
        }
        return true;
      });
  ASSERT_TRUE(heard) << heard.error().message;
  ASSERT_EQ(progress.size(), 1U);
  EXPECT_EQ(progress[0]["fraction"], 0.4);
  EXPECT_EQ(progress[0]["message"], "page 4 of 10");
  const auto run = ended(id);
  EXPECT_EQ(run["outcome"], "succeeded") << run;
  EXPECT_EQ(run["message"], "10 pages");
  EXPECT_EQ(run["items_processed"], 10);
  EXPECT_EQ(run["items_failed"], 2);
  EXPECT_EQ(run["counters"], json({{"pages", 10}}));
  const auto kept = in_history("reports");
  EXPECT_EQ(kept["message"], "10 pages");
  EXPECT_EQ(kept["counters"], json({{"pages", 10}}));
}

TEST_F(command_jobs, a_timeout_ends_the_program) {
  run_to_end("greets"); // there is a host now: the time is for the program
  const auto run = run_to_end("sleeps");
  EXPECT_EQ(run["state"], "discarded") << run;
  EXPECT_EQ(run["outcome"], "timed_out");
  const auto& last = run["attempts"][0];
  EXPECT_GE(last["duration_ms"], 2'995);
  EXPECT_EQ(last["process"]["signal"], SIGTERM) << last;
  EXPECT_TRUE(contains(log_of(run), "asleep")) << log_of(run);
  EXPECT_EQ(in_history("sleeps")["outcome"], "timed_out");
}

TEST_F(command_jobs, a_signal_is_a_failure_of_the_program_not_of_its_host) {
  const auto run = run_to_end("is_killed");
  EXPECT_EQ(run["state"], "discarded") << run;
  EXPECT_EQ(run["outcome"], "failed");
  EXPECT_EQ(run["error"], "killed by signal 9 (SIGKILL)");
  const auto process = run["attempts"][0]["process"];
  EXPECT_EQ(process["signal"], SIGKILL) << process;
  EXPECT_TRUE(process["exit_code"].is_null());
  EXPECT_EQ(process["output"], "the last words\n");
  EXPECT_EQ(in_history("is_killed")["error"], "killed by signal 9 (SIGKILL)");
  EXPECT_EQ(get("/v1/status")["hosts"]["crashed"], 0);
}

TEST_F(command_jobs, a_program_that_is_missing_is_not_tried_again) {
  const auto run = run_to_end("is_missing");
  EXPECT_EQ(run["state"], "discarded") << run;
  EXPECT_EQ(run["attempts"].size(), 1U);
  EXPECT_TRUE(contains(run["error"].get<std::string>(), "/nowhere/to/be/found"))
      << run["error"];
}

} // namespace
} // namespace jobq
