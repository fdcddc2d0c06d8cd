#include <atomic>
#include <chrono>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "tests/tools/requests.hpp"
#include "tests/tools/temp_dir.hpp"
#include "tools/api/api.hpp"
#include "tools/api/client.hpp"
#include "tools/api/json.hpp"
#include "tools/runtime.hpp"

namespace jobq {
namespace {

using namespace std::chrono_literals;

/// An hour in Berlin that does not strike while a test runs: the evening's in
/// the first half of the day, else the morning's.
std::string distant_hour() {
  const auto now = std::chrono::system_clock::now();
  const auto today = std::chrono::floor<std::chrono::days>(now);
  return now - today < 12h ? "20" : "10";
}

std::string sample(const std::string& hour) {
  return R"(
scheduler:
  workers: 2
  jobs:
    - name: sessions
      extension: core
      job: cleanup_inactive_sessions
      schedule: "0 0 )"
         + hour + R"( * * *"
      timezone: Europe/Berlin
      description: Close idle sessions
      tags: [nightly]
      parameters: {inactive_hours: 2}
    - name: by_hand
      extension: core
      job: cleanup_empty_contexts
    - name: content_ingestion
      extension: blog
      schedule: "@hourly"
    - name: off
      extension: core
      job: database_cleanup
      schedule: "0 0 4 * * *"
      enabled: false
)";
}

/// A job that runs every hour, and next in half an hour.
std::string hourly() {
  const auto next = std::chrono::system_clock::now() + 30min;
  const auto hour = std::chrono::floor<std::chrono::hours>(next);
  const auto minute = std::chrono::floor<std::chrono::minutes>(next - hour);
  return R"(
scheduler:
  jobs:
    - name: contexts
      extension: core
      job: cleanup_empty_contexts
      schedule: "0 )"
         + std::to_string(minute.count()) + R"( * * * *"
      catchup: none
)";
}

class api_test : public ::testing::Test {
protected:
  void SetUp() override { open(true); }

  void open(bool is_server) {
    runtime_.reset();
    runtime_options options;
    options.config = config_;
    options.data = dir_.path() / "data";
    options.ticks = is_server;
    if (is_server)
      options.on_stop = [this] { ++stops_; };
    auto opened = runtime::open(options);
    ASSERT_TRUE(opened) << opened.error().message;
    runtime_ = std::move(*opened);
  }

  json send(api_request request, int status) {
    request.user = "ann";
    const auto answer = handle(*runtime_, request);
    EXPECT_EQ(answer.status, status) << request.path << answer.body;
    return json::parse(answer.body);
  }

  json get(const std::string& target, int status = 200) {
    return send(test::get(target), status);
  }

  json post(const std::string& path, const std::string& body = {},
            int status = 200) {
    return send(test::post(path, body), status);
  }

  std::string failure(const json& answer) {
    return answer["error"]["message"].get<std::string>();
  }

  std::vector<json> lines_of(const std::string& target) {
    api_request request;
    EXPECT_TRUE(read_target(target, request));
    std::vector<json> lines;
    const auto done = make_local_client(*runtime_)->follow(
        request, [&](const std::string& line) {
          lines.push_back(json::parse(line));
          return true;
        });
    EXPECT_TRUE(done) << done.error().message;
    return lines;
  }

  /// The engine itself waits for a second at most.
  void drain() {
    post("/v1/drain");
    const auto& engine = runtime_->jobs_engine();
    const auto deadline = std::chrono::steady_clock::now() + 20s;
    while (!engine.drained() && std::chrono::steady_clock::now() < deadline)
      std::this_thread::sleep_for(1ms);
    EXPECT_TRUE(engine.drained());
  }

  /// Runs a job and waits for its end.
  json run_to_end(const std::string& job, const std::string& body = {}) {
    const auto begun = post("/v1/jobs/" + job + "/run", body);
    EXPECT_EQ(begun["state"], "available"); // as it was enqueued
    const auto events
        = lines_of("/v1/runs/" + begun["id"].get<std::string>() + "/stream");
    EXPECT_EQ(events.back()["event"], "finished");
    return events.back()["run"];
  }

  test::temp_dir dir_;
  const std::string hour_ = distant_hour();
  std::filesystem::path config_ = dir_.write("config.yaml", sample(hour_));
  int stops_ = 0;
  std::unique_ptr<runtime> runtime_;
};

void expect_fields(const json& value, const std::vector<std::string>& names) {
  for (const auto& name : names)
    EXPECT_TRUE(value.contains(name)) << name << " is missing in " << value;
}

TEST_F(api_test, status_tells_server_store_and_queues) {
  const auto status = get("/v1/status");
  expect_fields(status,
                {"version", "instance", "pid", "server", "started_at",
                 "ticking", "draining", "workers", "running", "jobs",
                 "restarts", "failure", "store", "queues", "states", "config"});
  EXPECT_EQ(status["server"], true);
  EXPECT_EQ(status["ticking"], true);
  EXPECT_EQ(status["jobs"], 4);
  EXPECT_EQ(status["workers"], 2);
  EXPECT_TRUE(status["failure"].is_null());
  EXPECT_EQ(status["states"].size(), 7U);
  EXPECT_EQ(status["config"]["file"], config_.string());
  EXPECT_EQ(status["config"]["warnings"].size(), 1U) << status["config"];
}

TEST_F(api_test, jobs_have_every_field_that_scripts_rely_on) {
  const auto jobs = get("/v1/jobs")["jobs"];
  ASSERT_EQ(jobs.size(), 4U);
  for (const auto& job : jobs)
    expect_fields(job,
                  {"name", "extension", "job", "description", "schedule",
                   "schedule_human", "timezone", "enabled", "queue", "tags",
                   "last_run", "last_status", "next_run", "run_count",
                   "enabled_by", "enabled_at", "enabled_reason", "problem"});
  EXPECT_EQ(jobs[0]["job"], "cleanup_inactive_sessions");
  EXPECT_EQ(jobs[0]["timezone"], "Europe/Berlin");
  EXPECT_TRUE(jobs[0]["last_run"].is_null());
  EXPECT_TRUE(jobs[0]["problem"].is_null());
  EXPECT_FALSE(jobs[0]["next_run"].is_null());
  EXPECT_TRUE(jobs[1]["schedule"].is_null());
  EXPECT_TRUE(jobs[1]["next_run"].is_null());
  EXPECT_NE(jobs[2]["problem"].get<std::string>().find("blog"),
            std::string::npos);
  EXPECT_TRUE(jobs[2]["next_run"].is_null());
  EXPECT_EQ(jobs[3]["enabled"], false);
  EXPECT_TRUE(jobs[3]["next_run"].is_null());
}

TEST_F(api_test, jobs_may_be_asked_for_by_name) {
  EXPECT_EQ(get("/v1/jobs?name=off")["jobs"].size(), 1U);
  get("/v1/jobs?name=of", 404);
}

TEST_F(api_test, without_a_server_the_next_run_is_when_one_would_fire_it) {
  open(false);
  const auto jobs = get("/v1/jobs")["jobs"];
  EXPECT_FALSE(jobs[0]["next_run"].is_null());
  EXPECT_TRUE(jobs[2]["next_run"].is_null());
  EXPECT_TRUE(jobs[3]["next_run"].is_null());
}

TEST_F(api_test, a_job_in_detail_has_policies_ticks_runs_and_checks) {
  const auto job = get("/v1/jobs/sessions");
  EXPECT_EQ(job["policies"]["parameters"], json({{"inactive_hours", "2"}}));
  EXPECT_EQ(job["policies"]["overlap_policy"], "skip");
  ASSERT_EQ(job["next_ticks"].size(), 5U);
  const auto tick = "T" + hour_ + ":00:00+0";
  EXPECT_NE(job["next_ticks"][0].get<std::string>().find(tick),
            std::string::npos);
  EXPECT_EQ(job["last_runs"].size(), 0U);
  ASSERT_EQ(job["checks"].size(), 5U);
  for (const auto& check : job["checks"])
    EXPECT_EQ(check["ok"], true) << check;
  EXPECT_EQ(job["place"], config_.string() + ":5");
}

TEST_F(api_test, checks_say_what_is_wrong) {
  const auto ingestion = get("/v1/jobs/content_ingestion")["checks"];
  EXPECT_EQ(ingestion[2]["check"], "extension");
  EXPECT_EQ(ingestion[2]["ok"], false);
  const auto off = get("/v1/jobs/off")["checks"];
  EXPECT_EQ(off[0]["check"], "enabled");
  EXPECT_EQ(off[0]["ok"], false);
}

TEST_F(api_test, an_unknown_job_is_not_found_and_the_closest_is_named) {
  EXPECT_NE(failure(get("/v1/jobs/session", 404)).find("\"sessions\""),
            std::string::npos);
  post("/v1/jobs/nobody/run", {}, 404);
  post("/v1/jobs/nobody/enable", {}, 404);
  get("/v1/history?job=nobody", 404);
  get("/v1/runs?job=nobody", 404);
}

TEST_F(api_test, a_run_by_hand_ends_in_history) {
  const auto run = run_to_end("sessions", R"({"parameters":
    {"retention_days": 7}, "enforce": false})");
  expect_fields(
      run, {"id",           "job",          "extension",       "function",
            "state",        "trigger",      "queue",           "priority",
            "attempt",      "max_attempts", "nominal_time",    "created_at",
            "scheduled_at", "started_at",   "finished_at",     "duration_ms",
            "outcome",      "message",      "items_processed", "items_failed",
            "counters",     "error",        "parameters"});
  EXPECT_EQ(run["state"], "completed") << run;
  EXPECT_EQ(run["outcome"], "succeeded");
  EXPECT_EQ(run["trigger"], "manual");
  EXPECT_EQ(run["enforce"], false);
  EXPECT_EQ(run["parameters"],
            json({{"inactive_hours", "2"}, {"retention_days", "7"}}));

  const auto history = get("/v1/history?job=sessions&status=succeeded");
  ASSERT_EQ(history["runs"].size(), 1U);
  EXPECT_EQ(history["runs"][0]["id"], run["id"]);
  const auto sequence = history["runs"][0]["sequence"].get<std::uint64_t>();
  EXPECT_EQ(
      get("/v1/history?since_sequence=" + std::to_string(sequence))["runs"]
          .size(),
      0U);
  EXPECT_EQ(get("/v1/history?since_sequence=0")["runs"].size(), 1U);
  EXPECT_EQ(get("/v1/history?status=failed")["runs"].size(), 0U);
  EXPECT_EQ(get("/v1/history?status=queued")["runs"].size(), 0U);
  EXPECT_EQ(get("/v1/history?since=1h&n=1")["runs"].size(), 1U);

  const auto job = get("/v1/jobs/sessions");
  EXPECT_EQ(job["last_status"], "succeeded");
  EXPECT_EQ(job["run_count"], 1);
  EXPECT_EQ(job["last_runs"].size(), 1U);
  EXPECT_FALSE(job["last_run"].is_null());

  const auto id = run["id"].get<std::string>();
  const auto detail = get("/v1/runs/" + id);
  ASSERT_EQ(detail["attempts"].size(), 1U);
  EXPECT_EQ(detail["attempts"][0]["outcome"], "succeeded");
  EXPECT_EQ(get("/v1/runs?state=completed")["runs"].size(), 1U);
  EXPECT_EQ(get("/v1/runs?state=dead")["runs"].size(), 0U);
  EXPECT_EQ(get("/v1/runs/" + id + "/log")["attempt"], 1);
  get("/v1/runs/" + id + "/log?attempt=2", 404);
  post("/v1/runs/" + id + "/cancel", {}, 409);
  post("/v1/runs/" + id + "/discard", R"({"reason": "x"})", 409);
}

TEST_F(api_test, a_stream_of_a_final_run_tells_it_all_again) {
  const auto id = run_to_end("sessions")["id"].get<std::string>();
  const auto events = lines_of("/v1/runs/" + id + "/stream");
  ASSERT_GE(events.size(), 3U);
  EXPECT_EQ(events[0],
            json({{"event", "attempt"}, {"number", 1}, {"state", "running"}}));
  EXPECT_EQ(events.back()["event"], "finished");
  EXPECT_EQ(
      events[events.size() - 2],
      json({{"event", "attempt"}, {"number", 1}, {"state", "succeeded"}}));
  std::string told;
  for (const auto& event : events)
    if (event["event"] == "log")
      told += event["text"].get<std::string>();
  EXPECT_EQ(told, get("/v1/runs/" + id + "/log")["log"].get<std::string>());
}

TEST_F(api_test, a_final_run_may_be_retried) {
  const auto id = run_to_end("sessions")["id"].get<std::string>();
  const auto retried
      = post("/v1/runs/" + id + "/retry", R"({"reason": "once more"})");
  EXPECT_EQ(retried["reason"], "once more");
  const auto events = lines_of("/v1/runs/" + id + "/stream");
  EXPECT_EQ(events.back()["run"]["attempt"], 2);
}

TEST_F(api_test, who_retried_a_run_is_kept_with_it) {
  const auto id = run_to_end("sessions")["id"].get<std::string>();
  const auto retried = post("/v1/runs/" + id + "/retry");
  EXPECT_TRUE(retried["reason"].get<std::string>().starts_with("retried by "));
  lines_of("/v1/runs/" + id + "/stream");
}

TEST_F(api_test, history_is_streamed_as_it_is_made) {
  std::mutex mutex;
  std::vector<json> lines;
  std::atomic<bool> begun{false};
  std::atomic<bool> enough{false};
  std::thread reader{[&] {
    api_request request;
    request.path = "/v1/history/stream";
    const auto done = stream(
        *runtime_, request,
        [&](const std::string& line) {
          begun = true;
          if (line.empty())
            return true;
          const std::lock_guard lock{mutex};
          lines.push_back(json::parse(line));
          enough = lines.size() == 2;
          return !enough;
        },
        [] { return false; });
    EXPECT_TRUE(done);
  }};
  while (!begun)
    std::this_thread::sleep_for(1ms);
  run_to_end("sessions");
  run_to_end("by_hand");
  reader.join();
  EXPECT_EQ(lines[0]["job"], "sessions");
  EXPECT_EQ(lines[1]["job"], "by_hand");
  EXPECT_LT(lines[0]["sequence"], lines[1]["sequence"]);

  // Resumed behind the first one, filtered, and ended by the engine.
  std::vector<json> rest;
  std::atomic<bool> heard{false};
  std::thread resumed{[&] {
    const auto done = make_local_client(*runtime_)->follow(
        test::get("/v1/history/stream?job=by_hand&since_sequence="
                  + lines[0]["sequence"].dump()),
        [&](const std::string& line) {
          rest.push_back(json::parse(line));
          heard = true;
          return true;
        });
    EXPECT_TRUE(done) << done.error().message;
  }};
  while (!heard)
    std::this_thread::sleep_for(1ms);
  runtime_->jobs_engine().stop();
  resumed.join();
  ASSERT_EQ(rest.size(), 1U);
  EXPECT_EQ(rest[0], lines[1]);
}

TEST_F(api_test, the_ledger_is_listed_by_job_time_and_fate) {
  const time_point t0{milliseconds{1'800'000'000'000}};
  tick_decision decision;
  decision.cursor.job = "by_hand";
  tick single;
  single.job = "by_hand";
  single.nominal_time = single.to = t0;
  single.run = run_id::of_tick("by_hand", t0);
  auto stretch = single;
  stretch.nominal_time = t0 + 1h;
  stretch.to = t0 + 3h;
  stretch.count = 3;
  stretch.fate = tick_fate::engine_down;
  stretch.run.reset();
  stretch.reason = "catchup is none";
  decision.others = {single, stretch};
  ASSERT_TRUE(
      runtime_->jobs_engine().perform(command::fire{{decision}, t0 + 3h}));
  const auto all = get("/v1/ticks")["ticks"];
  ASSERT_EQ(all.size(), 2U);
  expect_fields(all[0],
                {"job", "from", "to", "count", "fate", "run_id", "reason"});
  EXPECT_EQ(all[0]["count"], 3);
  EXPECT_EQ(all[0]["from"], "2027-01-15T09:00:00.000Z");
  EXPECT_EQ(all[0]["reason"], "catchup is none");
  expect_fields(all[1], {"job", "nominal_time", "fate", "run_id", "reason"});
  EXPECT_EQ(all[1]["run_id"], single.run->to_string());
  EXPECT_EQ(get("/v1/ticks?fate=fired")["ticks"].size(), 1U);
  EXPECT_EQ(get("/v1/ticks?n=1")["ticks"].size(), 1U);
  EXPECT_EQ(get("/v1/ticks?since=2027-01-15T10:00:00Z")["ticks"].size(), 1U);
  EXPECT_EQ(get("/v1/ticks?job=sessions")["ticks"].size(), 0U);
  get("/v1/ticks?job=nobody", 404);
  EXPECT_NE(failure(get("/v1/ticks?fate=fird", 400)).find("\"fired\""),
            std::string::npos);
}

/// Twelve hours of a job's ticks that nobody made up for.
tick missed_half_day(const job_definition& job, time_point now) {
  const auto begin = now - 12h;
  tick line;
  line.job = job.name;
  line.nominal_time = *job.schedule->next(begin, job.timezone);
  line.to = *job.schedule->last(begin, now, job.timezone);
  line.count = job.schedule->count(begin, now, job.timezone);
  line.fate = tick_fate::engine_down;
  return line;
}

TEST_F(api_test, a_replay_is_planned_applied_and_done_once) {
  config_ = dir_.write("replay.yaml", hourly());
  open(true);
  const auto now
      = std::chrono::floor<milliseconds>(std::chrono::system_clock::now());
  const auto job = *runtime_->config()->find_job("contexts");
  tick_decision decision;
  // Of another cursor than the clock's, whose decisions would be ignored.
  decision.cursor = {"contexts", now, "test"};
  decision.others = {missed_half_day(job, now - 2h)};
  ASSERT_TRUE(runtime_->jobs_engine().perform(command::fire{{decision}, now}));
  const auto by_policy = get("/v1/replay");
  EXPECT_EQ(by_policy["missed"], 12);
  EXPECT_EQ(by_policy["runs"], 0);
  EXPECT_EQ(by_policy["jobs"][0]["policy"], "none");
  const auto plan = get("/v1/replay?from=20h&limit=3");
  expect_fields(plan, {"action", "applied", "missed", "runs", "ran", "workers",
                       "estimate_ms", "done_at", "jobs"});
  expect_fields(plan["jobs"][0], {"job", "missed", "from", "to", "policy",
                                  "runs", "ran", "foreign", "mean_duration_ms",
                                  "estimate_ms", "competes_with"});
  EXPECT_EQ(plan["runs"], 3);
  EXPECT_EQ(plan["applied"], false);
  const auto body = R"({"from":"20h","limit":3})";
  const auto applied = post("/v1/replay", body);
  EXPECT_EQ(applied["made"], 3);
  EXPECT_EQ(applied["ignored"], 0);
  EXPECT_EQ(applied["run_ids"].size(), 3U);
  EXPECT_EQ(get("/v1/ticks?fate=fired")["ticks"].size(), 3U);
  EXPECT_EQ(get("/v1/replay?from=20h")["missed"], 9);
  EXPECT_EQ(post("/v1/replay", R"({"skip":true})")["missed"], 9);
  EXPECT_EQ(get("/v1/replay")["missed"], 0);
  const auto refused = post("/v1/replay", body, 409);
  EXPECT_NE(failure(refused).find("--again"), std::string::npos);
  EXPECT_EQ(
      post("/v1/replay", R"({"from":"20h","limit":3,"again":true})")["made"],
      3);
}

TEST_F(api_test, a_replay_reaches_past_every_run_since) {
  config_ = dir_.write("replay.yaml", hourly());
  open(true);
  const auto now
      = std::chrono::floor<milliseconds>(std::chrono::system_clock::now());
  const auto job = *runtime_->config()->find_job("contexts");
  tick_decision decision;
  // Of another cursor than the clock's, whose decisions would be ignored.
  decision.cursor = {"contexts", now, "test"};
  decision.others = {missed_half_day(job, now - 2h)};
  constexpr auto later = 45'000;
  for (auto i = 1; i <= later; ++i) {
    tick line;
    line.job = job.name;
    line.nominal_time = line.to = now - milliseconds{100} * i;
    line.fate = tick_fate::skipped_overlap;
    decision.others.push_back(std::move(line));
  }
  ASSERT_TRUE(runtime_->jobs_engine().perform(command::fire{{decision}, now}));
  const auto by_policy = get("/v1/replay");
  EXPECT_EQ(by_policy["missed"], 12);
  const auto plan = get("/v1/replay?from=20h&limit=3");
  EXPECT_EQ(plan["missed"], 12);
  EXPECT_EQ(plan["runs"], 3);
  EXPECT_EQ(plan["ran"], later);
}

TEST_F(api_test, a_replay_that_makes_no_sense_is_refused) {
  get("/v1/replay?from=1h&to=2h", 400);
  get("/v1/replay?limit=0", 400);
  get("/v1/replay?overlap=sometimes", 400);
  get("/v1/replay?again=maybe", 400);
  get("/v1/replay?skip=true&again=true", 400);
  get("/v1/replay?job=nobody", 404);
  post("/v1/replay", R"({"all":true})", 400);
}

TEST_F(api_test, wrong_parameters_are_all_named) {
  const auto wrong = failure(post("/v1/jobs/sessions/run",
                                  R"({"parameters":
      {"inactive_hour": 1, "retention_days": "many"}})",
                                  400));
  EXPECT_NE(wrong.find("inactive_hour"), std::string::npos) << wrong;
  EXPECT_NE(wrong.find("retention_days"), std::string::npos) << wrong;
}

TEST_F(api_test, a_job_without_its_function_is_not_run) {
  EXPECT_NE(
      failure(post("/v1/jobs/content_ingestion/run", {}, 409)).find("blog"),
      std::string::npos);
}

TEST_F(api_test, a_function_is_run_under_the_name_of_its_job) {
  const auto run
      = post("/v1/functions/core/cleanup_inactive_sessions/run",
             R"({"parameters": {"inactive_hours": 5}, "enforce": false})");
  EXPECT_EQ(run["job"], "sessions");
  EXPECT_EQ(run["parameters"], json({{"inactive_hours", "5"}}));
  EXPECT_EQ(run["enforce"], false);
  EXPECT_EQ(post("/v1/functions/core/publish_content/run")["job"], nullptr);
  EXPECT_EQ(post("/v1/functions/core/publish_content/run",
                 R"({"job": "extra"})")["job"],
            "extra");
  post("/v1/functions/core/publish_content/run", R"({"job": "No!"})", 400);
  post("/v1/functions/core/cleanup_inactive_sessions/run",
       R"({"parameters": {"inactive_hours": -1}})", 400);
  EXPECT_NE(failure(post("/v1/functions/core/publish_contents/run", {}, 404))
                .find("publish_content"),
            std::string::npos);
  post("/v1/functions/cores/publish_content/run", {}, 404);
}

TEST_F(api_test, a_run_that_a_drained_engine_will_not_begin_is_told_as_held) {
  drain();
  const auto made = post("/v1/jobs/by_hand/run");
  bool held = false;
  api_request request;
  request.method = "GET";
  request.path = "/v1/runs/" + made["id"].get<std::string>() + "/stream";
  const auto done = stream(
      *runtime_, request,
      [&](const std::string& line) {
        held = line.find(R"("event":"held")") != std::string::npos;
        return !held;
      },
      [] { return false; });
  EXPECT_TRUE(done);
  EXPECT_TRUE(held);
}

TEST_F(api_test, a_batch_of_runs_is_enqueued_in_one_commit) {
  drain();
  const auto made = post("/v1/runs", R"({"runs": [
      {"job": "sessions", "parameters": {"inactive_hours": 5}},
      {"job": "by_hand", "enforce": false},
      {"job": "by_hand"}]})");
  ASSERT_EQ(made["ids"].size(), 3U);
  const auto first = get("/v1/runs/" + made["ids"][0].get<std::string>());
  EXPECT_EQ(first["job"], "sessions");
  EXPECT_EQ(first["trigger"], "manual");
  EXPECT_EQ(first["parameters"]["inactive_hours"], "5");
  const auto second = get("/v1/runs/" + made["ids"][1].get<std::string>());
  EXPECT_EQ(second["job"], "by_hand");
  EXPECT_EQ(second["enforce"], false);
  EXPECT_EQ(get("/v1/runs?state=queued")["runs"].size(), 3U);
}

TEST_F(api_test, a_batch_with_one_wrong_run_enqueues_none) {
  const auto refused = [this](const std::string& last, int status) {
    return failure(post(
        "/v1/runs", R"({"runs": [{"job": "by_hand"}, )" + last + "]}", status));
  };
  EXPECT_EQ(refused(R"({"job": "by_hnd"})", 404),
            "runs[1]: job \"by_hnd\" not found, did you mean \"by_hand\"?");
  EXPECT_NE(refused(R"({"job": "by_hand", "parametres": {}})", 400)
                .find("runs[1]: field \"parametres\" is not known"),
            std::string::npos);
  EXPECT_NE(refused(R"({"job": "sessions", "parameters": {"x": 1}})", 400)
                .find("runs[1]: "),
            std::string::npos);
  EXPECT_NE(refused(R"({"parameters": {}})", 400).find("\"job\" is missing"),
            std::string::npos);
  EXPECT_NE(refused("7", 400).find("runs[1]: must be a JSON object"),
            std::string::npos);
  EXPECT_EQ(get("/v1/runs")["runs"].size(), 0U);
}

TEST_F(api_test, a_batch_has_1_to_1000_runs) {
  const auto refused = [this](const std::string& body) {
    return failure(post("/v1/runs", body, 400));
  };
  EXPECT_NE(refused("").find("must be an array"), std::string::npos);
  EXPECT_NE(refused(R"({"runs": []})").find("must be an array"),
            std::string::npos);
  auto many = json::array();
  for (int i = 0; i < 1'001; ++i)
    many.push_back({{"job", "by_hand"}});
  EXPECT_NE(refused(json{{"runs", many}}.dump()).find("at most 1000"),
            std::string::npos);
  many.erase(0);
  drain();
  EXPECT_EQ(post("/v1/runs", json{{"runs", many}}.dump())["ids"].size(),
            1'000U);
}

TEST_F(api_test, switching_a_job_tells_who_when_and_why) {
  const auto made
      = post("/v1/jobs/sessions/disable", R"({"reason": "too loud"})");
  EXPECT_EQ(made["job"], "sessions");
  EXPECT_EQ(made["enabled"], false);
  EXPECT_EQ(made["by"], "ann");
  EXPECT_EQ(made["reason"], "too loud");
  EXPECT_FALSE(made["at"].is_null());
  open(true); // and it outlives a restart
  const auto job = get("/v1/jobs/sessions");
  EXPECT_EQ(job["enabled"], false);
  EXPECT_EQ(job["enabled_by"], "ann");
  EXPECT_TRUE(job["next_run"].is_null());
  EXPECT_EQ(job["checks"][0]["ok"], false);
  EXPECT_EQ(run_to_end("sessions")["state"], "completed")
      << "a disabled job can be run by hand";
  EXPECT_EQ(post("/v1/jobs/sessions/enable")["enabled"], true);
  EXPECT_FALSE(get("/v1/jobs/sessions")["next_run"].is_null());
}

TEST_F(api_test, a_reload_takes_over_a_changed_configuration) {
  dir_.write("config.yaml", R"(
scheduler:
  jobs: [{name: other, extension: core, job: publish_content}]
)");
  EXPECT_EQ(post("/v1/reload")["warnings"].size(), 0U);
  const auto jobs = get("/v1/jobs")["jobs"];
  ASSERT_EQ(jobs.size(), 1U);
  EXPECT_EQ(jobs[0]["name"], "other");
  EXPECT_EQ(run_to_end("other")["job"], "other");
}

TEST_F(api_test, a_reload_with_errors_names_all_and_changes_nothing) {
  dir_.write("config.yaml", R"(
scheduler:
  jobs:
    - {name: a, extension: core, schedule: "nonsense"}
    - {name: b, extension: core, priority: 1000}
)");
  const auto wrong = failure(post("/v1/reload", {}, 400));
  EXPECT_NE(wrong.find("config.yaml:4"), std::string::npos) << wrong;
  EXPECT_NE(wrong.find("config.yaml:5"), std::string::npos) << wrong;
  EXPECT_EQ(get("/v1/jobs")["jobs"].size(), 4U);
}

TEST_F(api_test, stop_asks_the_program_and_drain_the_engine) {
  EXPECT_EQ(post("/v1/stop"), json::object());
  EXPECT_EQ(stops_, 1);
  EXPECT_EQ(post("/v1/drain"), json::object());
  EXPECT_EQ(get("/v1/status")["draining"], true);
}

TEST_F(api_test, without_a_server_there_is_nothing_to_stop) {
  open(false);
  EXPECT_EQ(get("/v1/status")["server"], false);
  for (const auto* path : {"/v1/stop", "/v1/drain", "/v1/reload"})
    EXPECT_EQ(post(path, {}, 503)["error"]["code"], "unavailable");
}

TEST_F(api_test, what_is_no_route_is_answered_with_near_ones) {
  EXPECT_NE(failure(get("/v1/run", 404)).find("GET /v1/runs"),
            std::string::npos);
  get("/", 404);
  get("/v1/jobs/", 404);
  get("/v1/jobs/a/b/c/d", 404);
  EXPECT_NE(failure(post("/v1/status", {}, 405)).find("GET"),
            std::string::npos);
  get("/v1/stop", 405);
}

TEST_F(api_test, wrong_input_is_refused) {
  post("/v1/jobs/sessions/run", "{", 400);
  post("/v1/jobs/sessions/run", "[]", 400);
  post("/v1/jobs/sessions/run", R"({"paramters": {}})", 400);
  post("/v1/jobs/sessions/run", R"({"enforce": "no"})", 400);
  post("/v1/jobs/sessions/disable", R"({"reason": 1})", 400);
  get("/v1/history?n=0", 400);
  get("/v1/history?since=yesterday", 400);
  get("/v1/history?status=asleep", 400);
  get("/v1/history?colour=red", 400);
  get("/v1/runs/nonsense", 400);
  get("/v1/runs/00000000000000000000000000", 404);
  get("/v1/runs/00000000000000000000000000/log", 404);
  for (const auto* what : {"cancel", "retry", "discard"})
    post(std::string{"/v1/runs/00000000000000000000000000/"} + what, {}, 404);
}

TEST_F(api_test, a_stopped_engine_is_unavailable) {
  runtime_->jobs_engine().stop();
  EXPECT_EQ(post("/v1/jobs/sessions/run", {}, 503)["error"]["code"],
            "unavailable");
}

TEST_F(api_test, a_second_runtime_is_told_who_holds_the_store) {
  runtime_options options;
  options.config = config_;
  options.data = dir_.path() / "data";
  const auto second = runtime::open(options);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, errc::busy);
  EXPECT_NE(second.error().message.find("data/store"), std::string::npos)
      << second.error().message;
}

} // namespace
} // namespace jobq
