#include <algorithm>
#include <fstream>

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/tools/cli_support.hpp"
#include "tests/tools/temp_dir.hpp"
#include "tools/cli/calendar.hpp"
#include "tools/cli/config_lint.hpp"

/// `check`, `diff`, `simulate` and `next --calendar`.
namespace jobq::test {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

// 2027-01-15T00:00:00Z
const time_point t0{milliseconds{1'799'971'200'000}};

job_definition job(const std::string& name, const char* expression,
                   const char* zone = "UTC") {
  job_definition one;
  one.name = name;
  one.schedule_text = expression;
  one.schedule = cron_schedule::parse(expression).value();
  one.timezone = time_zone::find(zone).value();
  return one;
}

std::vector<std::string> doubts(std::vector<job_definition> jobs,
                                const std::map<std::string, milliseconds>& means
                                = {}) {
  configuration config;
  config.jobs = std::move(jobs);
  std::vector<std::string> found;
  for (const auto& fault : config_doubts(config, t0, means)) {
    EXPECT_EQ(fault.level, severity::warning);
    found.push_back(fault.message);
  }
  return found;
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(config_lint, warns_of_times_that_a_clock_change_skips_and_repeats) {
  const auto found = doubts({job("a", "0 30 2 * * *", "Europe/Paris")});
  ASSERT_EQ(found.size(), 2U);
  EXPECT_TRUE(has(found[0], "02:30 does not exist on 2027-03-28"));
  EXPECT_TRUE(has(found[0], "set dst_gap"));
  EXPECT_TRUE(has(found[1], "02:30 comes twice on 2027-10-31"));
  EXPECT_TRUE(has(found[1], "set dst_overlap"));
}

TEST(config_lint, is_silent_where_a_clock_change_decides_nothing) {
  auto decided = job("a", "0 30 2 * * *", "Europe/Paris");
  decided.gap = dst_gap::skip;
  decided.overlap = dst_overlap::both;
  EXPECT_TRUE(doubts({decided}).empty());
  EXPECT_TRUE(doubts({job("a", "0 30 4 * * *", "Europe/Paris")}).empty());
  EXPECT_TRUE(doubts({job("a", "0 30 2 * * *")}).empty());
  EXPECT_TRUE(doubts({job("a", "0 30 * * * *", "Europe/Paris")}).empty());
}

TEST(config_lint, warns_of_runs_longer_than_their_interval) {
  const auto one = job("a", "0 0,50 * * * *");
  EXPECT_TRUE(doubts({one}, {{"a", minutes{9}}}).empty());
  EXPECT_TRUE(doubts({one}, {{"a", minutes{10}}}).empty());
  const auto found = doubts({one}, {{"a", minutes{11}}});
  ASSERT_EQ(found.size(), 1U);
  EXPECT_TRUE(has(found[0], "11m")) << found[0];
  EXPECT_TRUE(has(found[0], "only 10m")) << found[0];
  EXPECT_TRUE(has(found[0], "overlap_policy skip")) << found[0];
}

TEST(config_lint, warns_of_herds_larger_than_the_workers) {
  std::vector<job_definition> jobs;
  for (int i = 0; i < 9; ++i)
    jobs.push_back(job("j" + std::to_string(i), "0 0 3 * * *"));
  const auto found = doubts(jobs);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_TRUE(has(found[0], "9 jobs fire at 2027-01-15T03:00:00.000Z "
                            "(j0, j1, j2, ...) and 8 workers"))
      << found[0];
  jobs[8].jitter = minutes{5};
  EXPECT_TRUE(doubts(jobs).empty());
}

TEST(config_lint, sees_herds_of_different_schedules) {
  std::vector<job_definition> jobs;
  for (int i = 0; i < 5; ++i) {
    jobs.push_back(job("d" + std::to_string(i), "0 0 6 * * *"));
    jobs.push_back(job("h" + std::to_string(i), "0 0 */2 * * *"));
  }
  const auto found = doubts(jobs);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_TRUE(has(found[0], "10 jobs fire at 2027-01-15T06:00")) << found[0];
}

std::string calendar(const char* expression, const char* zone, int months) {
  return render_calendar({cron_schedule::parse(expression).value(),
                          time_zone::find(zone).value(), dst_gap::automatic,
                          dst_overlap::automatic, t0, months},
                         style{});
}

TEST(calendar, marks_the_days_on_which_a_schedule_fires) {
  EXPECT_EQ(calendar("0 0 9 * * SAT", "UTC", 1),
            "    January 2027\n"
            "Mo Tu We Th Fr Sa Su\n"
            "             1  2  3\n"
            " 4  5  6  7  8  9 10\n"
            "11 12 13 14 15 16*17\n"
            "18 19 20 21 22 23*24\n"
            "25 26 27 28 29 30*31\n"
            "\n"
            "fires 3 times on 3 of 31 days (UTC);  * once  + several times\n");
}

TEST(calendar, puts_months_side_by_side_and_tells_clock_changes) {
  const auto text = calendar("0 30 2 * * *", "Europe/Paris", 4);
  EXPECT_TRUE(has(text, "    January 2027            February 2027"));
  EXPECT_TRUE(has(text, "27*28!"));
  EXPECT_TRUE(has(text, "! 02:30 does not exist on 2027-03-28"));
  EXPECT_TRUE(has(calendar("0 */30 * * * *", "UTC", 1), "16+17+"));
}

TEST(calendar, counts_days_by_the_zone) {
  // 23:00 in UTC is the next day in Tokyo.
  const auto text = calendar("0 0 8 16 * *", "Asia/Tokyo", 1);
  EXPECT_TRUE(has(text, "16*17\n")) << text;
}

class what_if : public ::testing::Test {
protected:
  std::string write(const std::string& name, const std::string& text) const {
    const auto file = folder_.path() / name;
    std::ofstream{file} << text;
    return file.string();
  }

  temp_dir folder_;
  fake_target where_;
};

constexpr const char* hourly
    = "scheduler:\n  jobs:\n    - {name: a, extension: core, "
      "job: publish_content, schedule: '0 0 * * * *'}\n";
constexpr const char* half_hourly
    = "scheduler:\n  jobs:\n    - {name: a, extension: core, "
      "job: publish_content, schedule: '0 */30 * * * *'}\n";
constexpr const char* mistaken = "scheduler:\n  jobs: 7\n";
constexpr const char* from = "2027-01-15T00:00:00Z";

TEST_F(what_if, diff_tells_added_ticks) {
  const auto done
      = carry_out(where_, {"diff", write("a", hourly), write("b", half_hourly),
                           "--days", "1", "--from", from, "-n", "1"});
  EXPECT_EQ(done.code, 0) << done.diagnostics;
  EXPECT_TRUE(has(done.output, "+ 2027-01-15T00:30:00Z  a\n  and 23 more"))
      << done.output;
  EXPECT_EQ(where_.connections, 0);
}

TEST_F(what_if, diff_speaks_json) {
  const auto done
      = carry_out(where_, {"diff", write("a", hourly), write("b", half_hourly),
                           "--days", "1", "--from", from, "--json"});
  const auto line = json::parse(done.output);
  EXPECT_EQ(line["kept"], 24);
  EXPECT_EQ(line["added"], 24);
  EXPECT_EQ(line["first"][0]["change"], "added");
  EXPECT_EQ(line["first"][0]["from"], json());
  EXPECT_EQ(line["first"][0]["to"], "2027-01-15T00:30:00.000Z");
}

TEST_F(what_if, diff_says_when_nothing_differs) {
  const auto file = write("a", hourly);
  const auto done = carry_out(where_, {"diff", file, file});
  EXPECT_EQ(done.code, 0);
  EXPECT_EQ(done.output, "");
  EXPECT_TRUE(has(done.diagnostics, "no tick differs within 7 days"));
}

TEST_F(what_if, diff_refuses_a_configuration_with_errors) {
  const auto done
      = carry_out(where_, {"diff", write("a", hourly), write("b", mistaken)});
  EXPECT_EQ(done.code, 2);
  EXPECT_TRUE(has(done.diagnostics, "b:2:9")) << done.diagnostics;
}

TEST_F(what_if, simulate_takes_measured_durations_and_those_that_are_given) {
  where_.api->answers["GET /v1/jobs"]
      = R"({"jobs":[{"name":"a","mean_duration_ms":5400000}]})";
  const auto file = write("a", hourly);
  const std::vector<std::string> words{"simulate", "--config", file, "--days",
                                       "1",        "--from",   from, "--json"};
  const auto measured = json::parse(carry_out(where_, words).output);
  EXPECT_EQ(measured["jobs"][0]["duration_from"], "measured");
  EXPECT_EQ(measured["jobs"][0]["duration_ms"], 5400000);
  EXPECT_EQ(measured["jobs"][0]["ticks"]["skipped_overlap"], 12);
  auto given = words;
  given.insert(given.end(), {"--duration", "a=10s"});
  const auto shorter = json::parse(carry_out(where_, given).output);
  EXPECT_EQ(shorter["jobs"][0]["duration_from"], "given");
  EXPECT_EQ(shorter["jobs"][0]["ticks"]["fired"], 24);
  where_.there = false;
  auto other = words;
  other.insert(other.end(), {"--duration", "7s"});
  const auto assumed = json::parse(carry_out(where_, other).output);
  EXPECT_EQ(assumed["jobs"][0]["duration_from"], "assumed");
  EXPECT_EQ(assumed["jobs"][0]["duration_ms"], 7000);
}

TEST_F(what_if, simulate_plays_downtimes) {
  where_.there = false;
  const auto done
      = carry_out(where_, {"simulate", "--config", write("a", hourly), "--days",
                           "1", "--from", from, "--downtime", "30m/3h",
                           "--downtime", "2027-01-15T10:30:00Z/1h", "--json"});
  const auto document = json::parse(done.output);
  // 01:00 to 03:00 are made up for by one run, as is 11:00.
  EXPECT_EQ(document["jobs"][0]["catch_ups"], 2);
  EXPECT_EQ(document["jobs"][0]["ticks"]["coalesced"], 2);
}

TEST_F(what_if, simulate_renders_a_table_and_the_peaks) {
  where_.there = false;
  const auto done
      = carry_out(where_, {"simulate", "--config", write("a", hourly), "--days",
                           "1", "--from", from});
  EXPECT_TRUE(has(done.output, "LONGEST WAIT"));
  EXPECT_TRUE(has(done.output, "24 runs, 1 unfinished at the end"));
  EXPECT_TRUE(has(done.output, "most runs at a time: 1 (2027-01-15T01:00:00Z)"))
      << done.output;
}

TEST_F(what_if, simulate_says_what_is_wrong) {
  const auto file = write("a", hourly);
  const std::vector<std::pair<std::vector<std::string>, std::string>> all{
      {{"--downtime", "7"}, "START/LENGTH"},
      {{"--downtime", "1h/x"}, "START/LENGTH"},
      {{"--downtime", "1h/0s"}, "more than 0"},
      {{"--downtime", "x/1h"}, "START/LENGTH"},
      {{"--downtime", "8d/1h"}, "outside"},
      {{"--duration", "a="}, "JOB=DURATION"},
      {{"--duration", "b=1s"}, "\"b\" not found"},
      {{"--days", "0"}, "1 to 366"},
      {{"--workers", "0"}, "1 to 1024"},
      {{"--spread", "101"}, "0 to 100"}};
  for (const auto& [options, part] : all) {
    std::vector<std::string> words{"simulate", "--config", file};
    words.insert(words.end(), options.begin(), options.end());
    const auto done = carry_out(where_, words);
    EXPECT_NE(done.code, 0) << options[1];
    EXPECT_EQ(done.output, "");
    EXPECT_TRUE(has(done.diagnostics, part)) << done.diagnostics;
  }
}

TEST_F(what_if, check_takes_measured_durations_where_there_are_any) {
  where_.api->answers["GET /v1/jobs"]
      = R"({"jobs":[{"name":"a","mean_duration_ms":5400000}]})";
  const auto file = write("a", hourly);
  EXPECT_TRUE(has(carry_out(where_, {"check", file}).diagnostics, "1h30m"));
  where_.there = false;
  const auto alone = carry_out(where_, {"check", file});
  EXPECT_EQ(alone.code, 0);
  EXPECT_EQ(alone.diagnostics, "");
}

TEST_F(what_if, next_draws_a_calendar) {
  const auto done = carry_out(
      where_, {"next", "0 0 9 L * *", "--calendar", "--from", from, "-n", "2"});
  EXPECT_TRUE(has(done.output, "31*")) << done.output;
  EXPECT_TRUE(has(done.output, "28*")) << done.output;
  const auto both
      = carry_out(where_, {"next", "@daily", "--calendar", "--json"});
  EXPECT_EQ(both.code, 2);
  EXPECT_TRUE(has(both.diagnostics, "leave --calendar away"));
}

} // namespace
} // namespace jobq::test
