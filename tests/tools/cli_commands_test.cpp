#include <algorithm>
#include <cerrno>

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/tools/cli_support.hpp"

namespace jobq::test {
namespace {

constexpr auto two_jobs = R"({"jobs":[
  {"name":"alpha","extension":"core","enabled":true,"tags":["night"],
   "problem":null},
  {"name":"beta","extension":"core","enabled":false,"tags":["night"],
   "problem":"function not found"}]})";

constexpr auto id = "01jf8zq2r4v0c9m3x7k5t1n6wd";

std::string run_text(const std::string& state, const std::string& outcome) {
  return json{{"id", id},
              {"job", "alpha"},
              {"state", state},
              {"outcome", outcome},
              {"counters", json::object()}}
      .dump();
}

/// A server with jobs alpha and beta, where a run of alpha ends like this.
fake_target with_run(const std::string& state, const std::string& outcome) {
  fake_target where;
  where.api->answers["GET /v1/jobs"] = two_jobs;
  where.api->answers["POST /v1/jobs/alpha/run"] = run_text("available", "");
  where.api->streams[std::string{"/v1/runs/"} + id + "/stream"]
      = {"", R"({"event":"log","text":"one\ntwo\n"})",
         R"({"event":"progress","fraction":0.5,"message":"half"})",
         R"({"event":"finished","run":)" + run_text(state, outcome) + "}"};
  return where;
}

TEST(list_command, prints_one_object_a_line_as_json) {
  auto where = with_run("completed", "succeeded");
  const auto done = carry_out(where, {"list", "--json"});
  EXPECT_EQ(done.code, 0);
  EXPECT_EQ(std::count(done.output.begin(), done.output.end(), '\n'), 2);
  EXPECT_EQ(done.output.rfind(R"({"name":"alpha")", 0), 0U);
}

TEST(run_command, streams_the_log_and_succeeds) {
  auto where = with_run("completed", "succeeded");
  const auto done = carry_out(where, {"run", "alpha"});
  EXPECT_EQ(done.code, 0) << done.diagnostics;
  EXPECT_EQ(done.output.rfind("one\ntwo\n✓ alpha succeeded", 0), 0U)
      << done.output;
}

TEST(run_command, fails_when_the_run_fails) {
  auto where = with_run("discarded", "failed");
  EXPECT_EQ(carry_out(where, {"run", "alpha"}).code, 1);
}

TEST(run_command, prints_the_run_alone_as_json) {
  auto where = with_run("completed", "succeeded");
  const auto done = carry_out(where, {"run", "alpha", "--json"});
  EXPECT_EQ(done.output, run_text("completed", "succeeded") + "\n");
  EXPECT_EQ(done.diagnostics, "one\ntwo\n");
}

TEST(run_command, starts_nothing_when_a_name_is_wrong) {
  auto where = with_run("completed", "succeeded");
  const auto done = carry_out(where, {"run", "alpha", "alpah"});
  EXPECT_EQ(done.code, 3);
  EXPECT_NE(done.diagnostics.find("did you mean \"alpha\""), std::string::npos);
  EXPECT_EQ(where.api->count("POST", "/v1/jobs/alpha/run"), 0);
}

TEST(run_command, takes_enabled_jobs_alone_by_tag_and_by_all) {
  for (const auto& words :
       {std::vector<std::string>{"run", "--tag", "night", "--no-wait"},
        std::vector<std::string>{"run", "--all", "--no-wait"}}) {
    auto where = with_run("completed", "succeeded");
    EXPECT_EQ(carry_out(where, words).code, 0);
    EXPECT_EQ(where.api->count("POST", "/v1/jobs/alpha/run"), 1);
    EXPECT_EQ(where.api->count("POST", "/v1/jobs/beta/run"), 0);
  }
}

TEST(run_command, hands_over_parameters_and_dry_run) {
  auto where = with_run("completed", "succeeded");
  carry_out(where, {"run", "alpha", "-p", "a=1", "--dry-run", "--no-wait"});
  const auto body = json::parse(where.api->asked.back().body);
  EXPECT_EQ(body["parameters"]["a"], "1");
  EXPECT_EQ(body["enforce"], false);
}

TEST(run_command, does_not_wait_longer_than_it_is_told) {
  auto where = with_run("completed", "succeeded");
  where.api->streams.clear();
  const auto done = carry_out(where, {"run", "alpha", "--timeout", "1ms"});
  EXPECT_EQ(done.code, 1);
  EXPECT_NE(done.diagnostics.find(id), std::string::npos);
}

TEST(run_command, does_not_wait_for_what_a_draining_server_will_not_begin) {
  auto where = with_run("completed", "succeeded");
  where.server = true;
  where.api->streams_end = false;
  where.api->streams[std::string{"/v1/runs/"} + id + "/stream"]
      = {"", R"({"event":"held","reason":"draining"})"};
  const auto done = carry_out(where, {"run", "alpha"});
  EXPECT_EQ(done.code, 1);
  EXPECT_NE(done.diagnostics.find("draining and starts nothing"),
            std::string::npos)
      << done.diagnostics;
  EXPECT_NE(done.diagnostics.find(id), std::string::npos);
}

TEST(run_command, believes_the_end_of_a_run_that_was_held) {
  auto where = with_run("completed", "succeeded");
  where.server = true;
  auto& lines = where.api->streams[std::string{"/v1/runs/"} + id + "/stream"];
  lines.push_back(R"({"event":"held","reason":"draining"})");
  EXPECT_EQ(carry_out(where, {"run", "alpha"}).code, 0);
}

TEST(run_command, refuses_wrong_use_before_it_connects) {
  for (const auto& words :
       {std::vector<std::string>{"run"},
        std::vector<std::string>{"run", "a", "--all"},
        std::vector<std::string>{"run", "a", "-p", "novalue"},
        std::vector<std::string>{"run", "a", "-p", "k=1", "-p", "k=2"},
        std::vector<std::string>{"run", "a", "--timeout", "soon"},
        std::vector<std::string>{"cleanup-sessions", "--hours", "-1"},
        std::vector<std::string>{"log-cleanup", "--days", "abc"},
        std::vector<std::string>{"cancel"},
        std::vector<std::string>{"cancel", "--state", "dead"},
        std::vector<std::string>{"cancel", "nonsense"},
        std::vector<std::string>{"retry", id, "--all"},
        std::vector<std::string>{"history", "--status", "fine"},
        std::vector<std::string>{"history", "--since", "noon"},
        std::vector<std::string>{"runs", "--state", "x"},
        std::vector<std::string>{"replay", "--apply", "--skip"},
        std::vector<std::string>{"replay", "--apply", "--plan"},
        std::vector<std::string>{"replay", "--skip", "--again"},
        std::vector<std::string>{"replay", "--no-wait"},
        std::vector<std::string>{"replay", "--overlap", "bufer_all"},
        std::vector<std::string>{"replay", "--limit", "0"},
        std::vector<std::string>{"replay", "--from", "1h", "--to", "2h"},
        std::vector<std::string>{"ticks", "--fate", "fird"},
        std::vector<std::string>{"ticks", "--since", "noon"},
        std::vector<std::string>{"ticks", "--count", "0"},
        std::vector<std::string>{"ticks", "--strip", "--json"},
        std::vector<std::string>{"logs", id, "--attempt", "0"}}) {
    fake_target where;
    const auto done = carry_out(where, words);
    EXPECT_EQ(done.code, 2) << words[0];
    EXPECT_EQ(done.output, "") << words[0];
    EXPECT_NE(done.diagnostics, "") << words[0];
    EXPECT_EQ(where.connections, 0) << words[0];
  }
}

TEST(cleanup_commands, run_cores_functions_on_their_threshold) {
  auto where = with_run("completed", "succeeded");
  where.api->answers["POST /v1/functions/core/database_cleanup/run"]
      = run_text("available", "");
  EXPECT_EQ(carry_out(where, {"log-cleanup", "--days", "7"}).code, 0);
  const auto body = json::parse(where.api->asked.front().body);
  EXPECT_EQ(body["parameters"]["log_retention_days"], "7");
  EXPECT_EQ(body["parameters"]["only"], "logs");
}

TEST(enable_command, changes_nothing_when_a_name_is_wrong) {
  fake_target where;
  where.api->answers["GET /v1/jobs/alpha"] = "{}";
  where.api->answers["POST /v1/jobs/alpha/disable"] = R"({"job":"alpha"})";
  EXPECT_EQ(carry_out(where, {"disable", "alpha", "nope"}).code, 3);
  EXPECT_EQ(where.api->count("POST", "/v1/jobs/alpha/disable"), 0);
  EXPECT_EQ(carry_out(where, {"disable", "alpha", "--reason", "r"}).code, 0);
  EXPECT_EQ(json::parse(where.api->asked.back().body)["reason"], "r");
}

TEST(history_command, filters_outcomes_that_the_api_does_not_know) {
  fake_target where;
  where.api->answers["GET /v1/history"]
      = R"({"runs":[)" + run_text("discarded", "failed") + ","
        + run_text("discarded", "crashed") + "]}";
  const auto done
      = carry_out(where, {"history", "--status", "crashed", "--json"});
  EXPECT_EQ(done.output, run_text("discarded", "crashed") + "\n");
  EXPECT_EQ(where.api->asked.back().query.at("status"), "discarded");
}

TEST(history_command, follows_only_a_server) {
  fake_target where;
  EXPECT_EQ(carry_out(where, {"history", "--follow"}).code, 4);
  where.server = true;
  where.api->streams["/v1/history/stream"]
      = {"", run_text("completed", "succeeded")};
  const auto done = carry_out(
      where, {"history", "--follow", "--json", "--since-sequence", "7"});
  EXPECT_EQ(done.output, run_text("completed", "succeeded") + "\n");
  EXPECT_EQ(where.api->asked.back().query.at("since_sequence"), "7");
  EXPECT_EQ(done.code, 4); // the stream ended: the server has gone
}

constexpr auto three_ticks = R"({"ticks":[
  {"job":"alpha","nominal_time":"2027-01-15T09:00:00.000Z","fate":"fired",
   "run_id":"01jf8zq2r4v0c9m3x7k5t1n6wd","reason":null},
  {"job":"alpha","from":"2027-01-13T09:00:00.000Z",
   "to":"2027-01-15T08:00:00.000Z","count":48,"fate":"engine_down",
   "run_id":null,"reason":"catchup is none"},
  {"job":"alpha","nominal_time":"2027-01-13T08:00:00.000Z",
   "fate":"skipped_overlap","run_id":null,"reason":"busy"}]})";

TEST(ticks_command, tells_single_ticks_and_stretches) {
  fake_target where;
  where.api->answers["GET /v1/ticks"] = three_ticks;
  const auto done = carry_out(
      where, {"ticks", "--job", "alpha", "--fate", "fired", "--since", "2h"});
  EXPECT_EQ(done.code, 0) << done.diagnostics;
  EXPECT_NE(done.output.find("2027-01-15T08:00:00Z"), std::string::npos)
      << done.output;
  EXPECT_NE(done.output.find(" 48 "), std::string::npos);
  EXPECT_NE(done.output.find("catchup is none"), std::string::npos);
  const auto& query = where.api->asked.back().query;
  EXPECT_EQ(query.at("job"), "alpha");
  EXPECT_EQ(query.at("fate"), "fired");
  EXPECT_TRUE(query.contains("since"));
  const auto lines = carry_out(where, {"ticks", "--json"});
  EXPECT_EQ(std::count(lines.output.begin(), lines.output.end(), '\n'), 3);
}

TEST(ticks_command, a_strip_is_the_last_thirty_fates_oldest_first) {
  fake_target where;
  where.api->answers["GET /v1/ticks"] = three_ticks;
  const auto done = carry_out(where, {"ticks", "--strip", "--job", "alpha"});
  std::string marks;
  for (int i = 0; i < 29; ++i)
    marks += "×";
  EXPECT_EQ(done.output, "alpha  " + marks + "■\n");
  EXPECT_NE(done.diagnostics.find("× missed"), std::string::npos);
}

TEST(ticks_command, a_strip_of_all_has_a_line_for_each_scheduled_job) {
  fake_target where;
  where.api->answers["GET /v1/jobs"] = R"({"jobs":[
    {"name":"alpha","schedule":"@hourly"},{"name":"by_hand","schedule":null},
    {"name":"gamma","schedule":"@daily"}]})";
  where.api->answers["GET /v1/ticks"] = R"({"ticks":[]})";
  EXPECT_EQ(carry_out(where, {"ticks", "--strip"}).output,
            "alpha  -\ngamma  -\n");
}

constexpr auto plan = R"({"action":"replay","applied":false,"missed":7,
  "runs":3,"ran":2,"workers":8,"estimate_ms":90000,
  "done_at":"2027-01-15T08:01:30.000Z","jobs":[
  {"job":"alpha","missed":7,"from":"2027-01-15T01:00:00.000Z",
   "to":"2027-01-15T07:00:00.000Z","policy":"each","runs":3,"ran":2,
   "foreign":4,"mean_duration_ms":30000,"estimate_ms":90000,
   "competes_with":["beta"]}]})";

TEST(replay_command, plans_by_default_and_says_what_to_do_next) {
  fake_target where;
  where.api->answers["GET /v1/replay"] = plan;
  const auto done = carry_out(where, {"replay", "--job", "alpha", "--from",
                                      "2027-01-15T00:00:00Z", "--limit", "3"});
  EXPECT_EQ(done.code, 0) << done.diagnostics;
  for (const auto* text :
       {"7 missed ticks, 3 runs to make, done in about 1m30s with 8 workers",
        "2 ticks of that range ran", "4 missed ticks are of an earlier",
        "add --apply", "beta"})
    EXPECT_NE(done.output.find(text), std::string::npos) << text;
  const auto& query = where.api->asked.back().query;
  EXPECT_EQ(query.at("limit"), "3");
  EXPECT_EQ(query.at("from"), "2027-01-15T00:00:00.000Z");
  EXPECT_EQ(where.api->count("POST", "/v1/replay"), 0);
}

TEST(replay_command, applies_and_waits_for_all_of_its_runs) {
  fake_target where;
  where.server = true;
  where.api->answers["POST /v1/replay"]
      = std::string{R"({"action":"replay","applied":true,"missed":1,"made":1,)"}
        + R"("ignored":0,"since_sequence":41,"run_ids":[")" + id + R"("]})";
  where.api->streams["/v1/history/stream"]
      = {"", run_text("completed", "succeeded")};
  auto done = carry_out(where, {"replay", "--apply", "--again"});
  EXPECT_EQ(done.code, 0) << done.diagnostics;
  EXPECT_NE(done.diagnostics.find("1 of 1 runs finished"), std::string::npos);
  EXPECT_EQ(where.api->asked.back().query.at("since_sequence"), "41");
  // A stream that ends early leaves the work where it can be taken up.
  where.api->streams["/v1/history/stream"] = {""};
  done = carry_out(where, {"replay", "--apply"});
  EXPECT_EQ(done.code, 1);
  EXPECT_NE(done.diagnostics.find("replay --apply"), std::string::npos);
  // A run that fails fails the command.
  where.api->streams["/v1/history/stream"]
      = {"", run_text("discarded", "failed")};
  EXPECT_EQ(carry_out(where, {"replay", "--apply"}).code, 1);
  EXPECT_EQ(carry_out(where, {"replay", "--apply", "--no-wait"}).code, 0);
}

TEST(replay_command, waives_without_waiting) {
  fake_target where;
  where.api->answers["POST /v1/replay"]
      = R"({"action":"skip","applied":true,"missed":5,"made":0,"ignored":0,
          "since_sequence":1,"run_ids":[]})";
  const auto done = carry_out(where, {"replay", "--skip", "--to", "1h"});
  EXPECT_EQ(done.output, "5 missed ticks waived\n");
  EXPECT_EQ(json::parse(where.api->asked.back().body)["skip"], "true");
}

TEST(cancel_command, works_through_all_pages_and_then_stops) {
  fake_target where;
  where.api->answers["GET /v1/runs"]
      = R"({"runs":[)" + run_text("scheduled", "") + "]}";
  where.api->answers[std::string{"POST /v1/runs/"} + id + "/cancel"]
      = run_text("cancelled", "");
  const auto done = carry_out(where, {"cancel", "--all"});
  EXPECT_EQ(done.code, 0);
  EXPECT_EQ(where.api->count("POST", std::string{"/v1/runs/"} + id + "/cancel"),
            1);
}

TEST(server_commands, need_a_server) {
  for (const std::string verb : {"reload", "drain", "stop"}) {
    fake_target where;
    const auto done = carry_out(where, {verb});
    EXPECT_EQ(done.code, 4);
    EXPECT_NE(done.diagnostics.find("jobqd"), std::string::npos);
    where.server = true;
    where.api->answers["POST /v1/" + verb] = "{}";
    EXPECT_EQ(carry_out(where, {verb}).code, 0);
  }
}

TEST(next_command, needs_no_connection) {
  fake_target where;
  const auto done = carry_out(
      where, {"next", "0 30 2 * * *", "--tz", "Europe/Paris", "--from",
              "2027-03-27T00:00:00Z", "--count", "2", "--json"});
  EXPECT_EQ(done.output,
            "[\"2027-03-27T02:30:00+01:00\",\"2027-03-28T03:00:00+02:00\"]\n");
  EXPECT_EQ(where.connections, 0);
}

TEST(next_command, says_what_is_wrong_with_an_expression) {
  fake_target where;
  const auto done = carry_out(where, {"next", "0 75 * * * *"});
  EXPECT_EQ(done.code, 2);
  EXPECT_EQ(done.output, "");
  EXPECT_EQ(done.diagnostics.rfind("jobq: invalid schedule: minute", 0), 0U)
      << done.diagnostics;
}

TEST(output, is_given_up_quietly_when_nobody_reads) {
  console out{[](std::string_view) { return EPIPE; },
              [](std::string_view) { return 0; },
              {style{}, false, false, false}};
  out.print("x");
  EXPECT_TRUE(out.gone());
  EXPECT_EQ(out.failure(), 0);
}

TEST(output, remembers_a_full_disk) {
  console out{[](std::string_view) { return ENOSPC; },
              [](std::string_view) { return 0; },
              {style{}, false, false, false}};
  out.print("x");
  EXPECT_EQ(out.failure(), ENOSPC);
}

} // namespace
} // namespace jobq::test
