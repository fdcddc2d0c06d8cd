#include <algorithm>
#include <sstream>

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tools/cli/log_text.hpp"
#include "tools/cli/render_jobs.hpp"
#include "tools/cli/render_runs.hpp"
#include "tools/cli/render_status.hpp"
#include "tools/cli/schedule_lint.hpp"
#include "tools/cli/table.hpp"
#include "tools/cli/text.hpp"

namespace jobq {
namespace {

json example_job() {
  return json::parse(R"({"name":"publish_content","extension":"core",
    "job":"publish_content","description":null,"schedule":"0 */30 * * * *",
    "schedule_human":"every 30 minutes","timezone":"UTC","enabled":false,
    "enabled_by":"ann","enabled_at":"2027-01-01T00:00:00.000Z",
    "enabled_reason":"source down","queue":"default","tags":["content"],
    "last_run":"2027-01-01T12:00:00.123Z","last_status":"succeeded",
    "next_run":null,"run_count":3,"problem":null,"place":"c.yaml:4",
    "policies":{"priority":0,"timeout_ms":600000,"max_attempts":1,
      "overlap_policy":"skip","parameters":{"source":"blog"}},
    "next_ticks":["2027-01-01T13:00:00Z"],"last_runs":[],
    "checks":[{"check":"enabled","ok":false,"message":"disabled by ann"},
              {"check":"function","ok":true,"message":"is there"}]})");
}

json example_run() {
  return json::parse(R"({"id":"01jf8zq2r4v0c9m3x7k5t1n6wd","job":"a",
    "extension":"core","function":"f","state":"completed","trigger":"manual",
    "queue":"default","priority":0,"attempt":1,"max_attempts":1,
    "finished_at":"2027-01-01T12:00:00.000Z","duration_ms":1200,
    "outcome":"succeeded","message":"all done","items_processed":12,
    "items_failed":0,"counters":{"deleted":12},"error":null,
    "enforce":true})");
}

std::size_t widest_line(const std::string& page) {
  std::istringstream lines{page};
  std::string line;
  std::size_t widest = 0;
  while (std::getline(lines, line))
    widest = std::max(widest, display_width(line));
  return widest;
}

TEST(text, replaces_what_would_steer_a_terminal) {
  EXPECT_EQ(printable("a\033[2Jb\x07"), "a?[2Jb?");
  EXPECT_EQ(printable("a\nb\tc"), "a b c");
  EXPECT_EQ(printable("\xff\xc3"), "??");
  EXPECT_EQ(printable("caf\u00e9 \u65e5"), "caf\u00e9 \u65e5");
}

TEST(text, is_cut_by_columns_and_never_inside_a_character) {
  EXPECT_EQ(display_width("\u65e5\u672c"), 4U);
  EXPECT_EQ(cut("\u65e5\u672c\u8a9e", 5, true), "\u65e5\u672c\u2026");
  EXPECT_EQ(cut("abcdef", 4, false), "ab..");
  EXPECT_EQ(cut("abc", 3, true), "abc");
  EXPECT_EQ(cut("abc", 0, true), "");
}

TEST(table, is_cut_only_on_a_terminal) {
  const std::vector<table_row> rows{
      {{std::string(60, 'x'), tone::plain}, {"y", tone::plain}}};
  style narrow;
  narrow.width = 30;
  EXPECT_LE(widest_line(render_table({"NAME", "B"}, rows, narrow)), 30U);
  EXPECT_NE(
      render_table({"NAME", "B"}, rows, style{}).find(std::string(60, 'x')),
      std::string::npos);
}

TEST(list, shows_disabled_jobs_and_times_in_the_zone) {
  style look;
  look.zone = *time_zone::find("Europe/Paris");
  const auto page = render_jobs(json::array({example_job()}), look);
  EXPECT_NE(page.find("2027-01-01T13:00:00+01:00"), std::string::npos) << page;
  EXPECT_NE(page.find("  no  "), std::string::npos) << page;
  EXPECT_EQ(page.find('\033'), std::string::npos);
}

TEST(list, fits_the_terminal) {
  style look;
  look.width = 100;
  EXPECT_LE(widest_line(render_jobs(json::array({example_job()}), look)), 100U);
}

TEST(show, tells_what_to_do_about_a_failing_check) {
  const auto page = render_job(example_job(), style{});
  EXPECT_NE(page.find("✗ enabled"), std::string::npos) << page;
  EXPECT_NE(page.find("jobq enable publish_content"), std::string::npos);
  EXPECT_NE(page.find("✓ function"), std::string::npos);
  EXPECT_NE(page.find("every 30 minutes"), std::string::npos);
  EXPECT_NE(page.find("10m"), std::string::npos);
  EXPECT_NE(page.find("source=blog"), std::string::npos);
  EXPECT_NE(page.find("2027-01-01T13:00:00Z"), std::string::npos);
}

TEST(show, is_ascii_where_the_locale_is_not_utf8) {
  style plain;
  plain.unicode = false;
  const auto page = render_job(example_job(), plain);
  EXPECT_NE(page.find("FAIL enabled"), std::string::npos) << page;
  for (const char c : page)
    EXPECT_GT(c, 0);
}

TEST(show, survives_a_document_without_fields) {
  EXPECT_FALSE(render_job(json::object(), style{}).empty());
  EXPECT_FALSE(render_run(json::object(), style{}).empty());
  EXPECT_FALSE(render_status(json::object(), true, style{}).empty());
  EXPECT_FALSE(render_result(json(), style{}).empty());
}

TEST(result_line, carries_counters_and_id) {
  EXPECT_EQ(render_result(example_run(), style{}),
            "✓ a succeeded in 1s200ms: all done (12 processed, 0 failed; "
            "deleted=12)  01jf8zq2r4v0c9m3x7k5t1n6wd\n");
}

TEST(result_line, says_that_a_dry_run_changed_nothing) {
  auto run = example_run();
  run["enforce"] = false;
  EXPECT_NE(render_result(run, style{}).find("dry run"), std::string::npos);
}

TEST(progress, fits_the_terminal_and_takes_any_number) {
  style look;
  look.width = 40;
  EXPECT_LT(display_width(render_progress("publish_content", 0.5,
                                          std::string(100, 'm'), look)),
            40U);
  EXPECT_NE(render_progress("a", 7, "", look).find("100%"), std::string::npos);
  EXPECT_NE(render_progress("a", -1, "", look).find("  0%"), std::string::npos);
}

TEST(log, is_prefixed_line_by_line) {
  EXPECT_EQ(printable_log("a\nb\n", "j: "), "j: a\nj: b\n");
  EXPECT_EQ(printable_log(""), "");
}

TEST(status, says_that_there_is_no_server) {
  const auto page = render_status(
      json::parse(R"({"store":{"path":"/v/store","disk_bytes":1572864,
      "format":1},"queues":[{"queue":"default","available":2,
      "latency_ms":1500}]})"),
      false, style{});
  EXPECT_NE(page.find("none"), std::string::npos);
  EXPECT_NE(page.find("/v/store, 1.5 MiB"), std::string::npos) << page;
  EXPECT_NE(page.find("default"), std::string::npos);
}

TEST(schedule_doubts, are_about_what_looks_mistaken) {
  EXPECT_EQ(schedule_doubts("0 */7 * * * *").size(), 1U);
  EXPECT_EQ(schedule_doubts("0 0 */5 * * *").size(), 1U);
  EXPECT_EQ(schedule_doubts("0 0 0 13 * FRI").size(), 1U);
  EXPECT_EQ(schedule_doubts("0 0 0 31 * *").size(), 1U);
  EXPECT_EQ(schedule_doubts("* * * * * *").size(), 1U);
  EXPECT_EQ(schedule_doubts("* 5 * * * *").size(), 1U);
}

TEST(schedule_doubts, leave_ordinary_schedules_alone) {
  for (const auto* fine :
       {"0 */30 * * * *", "0 0 3 * * *", "@hourly", "0 0 0 L * ?",
        "0 0 0 31 12 *", "*/20 * * * * *", "0 0 0 * * 0"})
    EXPECT_TRUE(schedule_doubts(fine).empty()) << fine;
}

} // namespace
} // namespace jobq
