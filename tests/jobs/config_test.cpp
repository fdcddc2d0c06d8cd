#include "jobs/config.hpp"

#include <iterator>

#include <sys/stat.h>

#include "tests/jobs/config_support.hpp"

namespace jobq::test {

namespace {

using std::chrono::days;

std::filesystem::path sample(std::string_view name) {
  return std::filesystem::path{JOBQ_SOURCE_DIR} / name;
}

std::string text_of(const std::filesystem::path& file) {
  std::ifstream in{file, std::ios::binary};
  return {std::istreambuf_iterator<char>{in}, {}};
}

class load_config_test : public config_folder {};

known_functions all_functions() {
  return {{"core",
           {"cleanup_anonymous_users", "cleanup_empty_contexts",
            "publish_content"}},
          {"blog", {"content_ingestion"}}};
}

TEST(load_config, reads_the_seed_unchanged) {
  const auto file = sample("services/scheduler/config.yaml");
  EXPECT_EQ(text_of(file), text_of(sample("tests/config/seed.yaml")));
  const auto report = load_config(file, all_functions());
  ASSERT_TRUE(report.ok());
  EXPECT_TRUE(report.faults.empty());
  const auto& config = *report.value;
  EXPECT_TRUE(config.enabled);
  ASSERT_EQ(config.jobs.size(), 4U);
  EXPECT_EQ(config.jobs[0].name, "cleanup_anonymous_users");
  EXPECT_EQ(config.jobs[3].extension, "blog");
  EXPECT_EQ(config.jobs[2].schedule_text, "0 */30 * * * *");
  EXPECT_NE(config.find_job("publish_content"), nullptr);
  EXPECT_EQ(config.find_job("nobody"), nullptr);
}

TEST(load_config, reads_the_root_with_what_it_includes) {
  const auto report
      = load_config(sample("services/config/config.yaml"), all_functions());
  ASSERT_TRUE(report.ok());
  EXPECT_TRUE(report.faults.empty());
  const auto& config = *report.value;
  EXPECT_EQ(config.jobs.size(), 4U);
  EXPECT_EQ(config.bootstrap_jobs, lines{"publish_content"});
  EXPECT_EQ(config.database_url, "sqlite:///" + sample("var/app.db").string());
  ASSERT_EQ(config.content_sources.size(), 1U);
  EXPECT_EQ(config.content_sources[0].path,
            sample("services/content/articles"));
  EXPECT_EQ(config.content_sources[0].allowed_content_types.size(), 4U);
  EXPECT_EQ(config.files,
            (std::vector{sample("services/config/config.yaml"),
                         sample("services/scheduler/config.yaml"),
                         sample("services/content/config.yaml")}));
}

TEST(load_config, reads_the_complete_example) {
  const auto report
      = load_config(sample("services/config/example.yaml"), all_functions());
  for (const auto& fault : report.faults)
    EXPECT_EQ(fault.level, severity::warning) << fault.to_string();
  ASSERT_TRUE(report.ok());
  // What the example calls a default is one.
  const auto& job = report.value->jobs.at(0);
  const job_definition fresh;
  EXPECT_EQ(job.backoff, fresh.backoff);
  EXPECT_EQ(job.overlap_policy, fresh.overlap_policy);
  EXPECT_EQ(job.catchup, fresh.catchup);
  EXPECT_EQ(job.catchup_window, fresh.catchup_window);
  EXPECT_EQ(job.catchup_limit, fresh.catchup_limit);
  EXPECT_EQ(job.misfire_threshold, fresh.misfire_threshold);
  EXPECT_EQ(job.limits.output, fresh.limits.output);
  EXPECT_EQ(job.max_crashes, fresh.max_crashes);
  EXPECT_EQ(report.value->workers, configuration{}.workers);
  EXPECT_EQ(report.value->retention, retention{});
}

TEST(load_config, reports_ten_mistakes_with_their_lines) {
  const auto report
      = load_config(sample("tests/config/ten_mistakes.yaml"), all_functions());
  EXPECT_FALSE(report.ok());
  std::vector<std::pair<int, int>> places;
  for (const auto& fault : report.faults)
    if (fault.level == severity::error)
      places.emplace_back(fault.place.line, fault.place.column);
  EXPECT_EQ(places, (std::vector<std::pair<int, int>>{{2, 12},
                                                      {3, 12},
                                                      {4, 20},
                                                      {8, 7},
                                                      {13, 17},
                                                      {14, 17},
                                                      {16, 13},
                                                      {19, 23},
                                                      {20, 25},
                                                      {21, 3}}));
}

TEST_F(load_config_test, names_the_unknown_key_and_the_closest_one) {
  EXPECT_EQ(faults("scheduler:\n  worker: 3\nschedular: {}\n"),
            (lines{"c.yaml:2:3: error: unknown key \"worker\" in scheduler, "
                   "did you mean \"workers\"?",
                   "c.yaml:3:1: error: unknown key \"schedular\", did you "
                   "mean \"scheduler\"?"}));
  EXPECT_EQ(faults("scheduler: {}\nx: 1\n"),
            lines{"c.yaml:2:1: error: unknown key \"x\"; known: includes, "
                  "scheduler, content_sources, database"});
}

TEST_F(load_config_test, reports_keys_given_twice_and_keys_that_are_no_words) {
  EXPECT_EQ(faults("scheduler:\n  workers: 2\n  workers: 3\n  ? [a]\n  : 1\n"),
            (lines{"c.yaml:3:3: error: key \"workers\" is given twice, first "
                   "at c.yaml:2:3",
                   "c.yaml:4:5: error: a key must be a word, not a list"}));
}

TEST_F(load_config_test, reports_the_sections_own_values) {
  EXPECT_EQ(
      faults("scheduler:\n  enabled: 1\n  timezone: UTCC\n  workers: 0\n"
             "  bootstrap_jobs: a\n  extensions: ['']\n  jobs: {}\n"
             "  retention: {completed: -1d, ticks: 1d}\n"),
      (lines{"c.yaml:2:12: error: scheduler.enabled: \"1\" is not a boolean: "
             "write true or false",
             "c.yaml:3:13: error: scheduler.timezone: unknown time zone "
             "\"UTCC\", did you mean \"UTC\"?",
             "c.yaml:4:12: error: scheduler.workers: 0 is out of range 1..1024",
             "c.yaml:5:19: error: scheduler.bootstrap_jobs: expected a list, "
             "not \"a\"",
             "c.yaml:6:16: error: scheduler.extensions: an empty path",
             "c.yaml:7:9: error: scheduler.jobs: expected a list, not a map",
             faults("scheduler:\n  retention: {completed: -1d}\n")
                 .at(0)
                 .replace(7, 1, "8")}));
}

TEST_F(load_config_test, reads_retention_and_settings) {
  const auto report
      = load("scheduler:\n  enabled: false\n  timezone: Europe/London\n"
             "  workers: 3\n  retention: {completed: 1d, ticks: 2d}\n");
  ASSERT_TRUE(report.ok());
  EXPECT_FALSE(report.value->enabled);
  EXPECT_EQ(report.value->timezone.name(), "Europe/London");
  EXPECT_EQ(report.value->workers, 3U);
  EXPECT_EQ(report.value->retention.completed, days{1});
  EXPECT_EQ(report.value->retention.cancelled, days{7});
  EXPECT_EQ(report.value->retention.ticks, days{2});
}

TEST_F(load_config_test, there_may_be_as_many_hosts_as_workers_or_as_is_said) {
  EXPECT_EQ(load("scheduler: {}\n").value->max_hosts(), 8U);
  EXPECT_EQ(load("scheduler: {workers: 3}\n").value->max_hosts(), 3U);
  EXPECT_EQ(load("scheduler: {workers: 64, hosts: 2}\n").value->max_hosts(),
            2U);
  EXPECT_EQ(load("scheduler: {hosts: 9}\n").value->max_hosts(), 9U);
  EXPECT_EQ(faults("scheduler: {hosts: 0}\n"),
            lines{"c.yaml:1:20: error: scheduler.hosts: 0 is out of range "
                  "1..1024"});
  write("b.yaml", "scheduler: {hosts: 2}\n");
  EXPECT_EQ(faults("includes: [b.yaml]\nscheduler: {hosts: 3}\n"),
            lines{"b.yaml:1:20: error: scheduler.hosts contradicts the value "
                  "given at c.yaml:2:20"});
}

TEST_F(load_config_test, a_job_of_a_taken_name_names_both_places) {
  write("b.yaml", "scheduler:\n  jobs:\n    - {name: a, extension: blog, job: "
                  "content_ingestion}\n");
  EXPECT_EQ(faults("includes: [b.yaml]\nscheduler:\n  jobs:\n    - {name: a, "
                   "extension: blog, job: content_ingestion}\n"),
            lines{"b.yaml:3:14: error: job \"a\": a second job of this name, "
                  "the first is at c.yaml:4:14"});
}

TEST_F(load_config_test, bootstrap_jobs_are_jobs) {
  EXPECT_EQ(faults("scheduler:\n  bootstrap_jobs: [publish, nobody, {}]\n"
                   "  jobs:\n    - {name: publis, extension: core, job: "
                   "publish_content}\n"),
            (lines{"c.yaml:2:20: error: scheduler.bootstrap_jobs: no job "
                   "\"publish\", did you mean \"publis\"?",
                   "c.yaml:2:29: error: scheduler.bootstrap_jobs: no job "
                   "\"nobody\"",
                   "c.yaml:2:37: error: scheduler.bootstrap_jobs: expected "
                   "one value, not a map"}));
}

TEST_F(load_config_test, settings_not_enforced_are_warned_of_when_set) {
  const auto report = load(
      "scheduler:\n  run_as: jobs\n  extensions: [lib]\n  jobs:\n"
      "    - name: j\n      extension: core\n      job: publish_content\n"
      "      isolation: process\n      limits: {memory: 1MiB, cpu_time: 1s}\n"
      "      concurrency: {limit: 1}\n      rate_limit: {limit: 1}\n"
      "    - {name: k, extension: command, command: [/bin/true]}\n"
      "    - {name: l, extension: core, job: publish_content, isolation: "
      "thread}\n");
  ASSERT_TRUE(report.ok());
  lines keys;
  for (const auto& fault : report.faults) {
    EXPECT_EQ(fault.level, severity::warning);
    EXPECT_NE(fault.message.find("accepted but not enforced by this version: "),
              std::string::npos);
    keys.push_back(fault.message.substr(0, fault.message.find(" is acc")));
  }
  EXPECT_EQ(keys, (lines{"concurrency", "rate_limit"}));
  EXPECT_EQ(report.value->extensions,
            std::vector{path("lib").lexically_normal()});
}

TEST_F(load_config_test, defaults_written_out_are_no_warnings) {
  EXPECT_TRUE(faults("scheduler:\n  run_as: null\n  extensions: []\n").empty());
}

// Includes.

TEST_F(load_config_test, includes_are_relative_to_their_file_and_nested) {
  write("sub/b.yaml", "includes: [deep/d.yaml]\n");
  write("sub/deep/d.yaml", "includes: [../../e.yaml]\nscheduler:\n  jobs:\n"
                           "    - {name: d, extension: blog, job: "
                           "content_ingestion}\n");
  write("e.yaml", "database: {url: 'sqlite:///e.db'}\n");
  const auto report = load("includes: [sub/b.yaml]\n");
  ASSERT_TRUE(report.ok()) << faults(report).front();
  EXPECT_EQ(report.value->files.size(), 4U);
  EXPECT_EQ(report.value->files.back(), path("e.yaml"));
  EXPECT_EQ(report.value->database_url, "sqlite:///" + path("e.db").string());
}

TEST_F(load_config_test, a_file_reached_twice_is_read_once) {
  write("left.yaml", "includes: [shared.yaml]\n");
  write("right.yaml", "includes: [./sub/../shared.yaml, shared.yaml]\n");
  write("sub/x", "");
  write("shared.yaml", "scheduler:\n  jobs:\n    - {name: a, extension: blog, "
                       "job: content_ingestion}\n");
  const auto report = load("includes: [left.yaml, right.yaml]\n");
  ASSERT_TRUE(report.ok()) << faults(report).front();
  EXPECT_EQ(report.value->jobs.size(), 1U);
  EXPECT_EQ(report.value->files.size(), 4U);
}

TEST_F(load_config_test, a_cycle_shows_its_chain) {
  write("b.yaml", "includes:\n  - c.yaml\n");
  EXPECT_EQ(faults("includes: [b.yaml]\nscheduler: {}\n"),
            lines{"b.yaml:2:5: error: includes: a cycle: c.yaml -> b.yaml -> "
                  "c.yaml"});
  EXPECT_EQ(faults("includes: [c.yaml]\nscheduler: {}\n"),
            lines{"c.yaml:1:12: error: includes: a cycle: c.yaml -> c.yaml"});
}

TEST_F(load_config_test, a_missing_file_shows_its_chain) {
  write("b.yaml", "includes: [no.yaml, .]\n");
  EXPECT_EQ(faults("includes: [b.yaml]\nscheduler:\n  bootstrap_jobs: [x]\n"),
            (lines{"b.yaml:1:12: error: includes: no.yaml cannot be read: no "
                   "such file (c.yaml -> b.yaml -> no.yaml)",
                   faults("includes: [b.yaml]\n").at(1)}));
  EXPECT_NE(faults("includes: [b.yaml]\n").at(1).find("is a directory"),
            std::string::npos);
}

TEST_F(load_config_test, entries_of_includes_are_paths) {
  EXPECT_EQ(faults("includes: ['', [a], ~]\nscheduler: {}\n"),
            (lines{"c.yaml:1:12: error: includes: an empty path",
                   "c.yaml:1:16: error: includes: expected one value, not a "
                   "list",
                   "c.yaml:1:21: error: includes: has no value"}));
  EXPECT_EQ(faults("includes: b.yaml\nscheduler: {bootstrap_jobs: [a]}\n"),
            lines{"c.yaml:1:11: error: includes: expected a list, not "
                  "\"b.yaml\""});
}

TEST_F(load_config_test, mistakes_come_in_the_order_of_the_files) {
  write("a.yaml", "scheduler:\n  workrs: 1\n");
  write("b.yaml", "scheduler: [\n");
  const auto found = faults("includes: [b.yaml, a.yaml]\nscheduler:\n  x: 1\n");
  ASSERT_EQ(found.size(), 3U);
  EXPECT_TRUE(found[0].starts_with("c.yaml:3:3: error: unknown key \"x\""));
  EXPECT_TRUE(found[1].starts_with("b.yaml:"));
  EXPECT_TRUE(found[2].starts_with("a.yaml:2:3: error: unknown key"));
}

TEST_F(load_config_test, settings_of_several_files_must_agree) {
  write("b.yaml", "scheduler:\n  workers: 2\n  timezone: UTC\n"
                  "database: {url: 'postgresql://b'}\n");
  EXPECT_EQ(faults("includes: [b.yaml]\nscheduler:\n  workers: 3\n"
                   "  timezone: UTC\ndatabase: {url: 'postgresql://c'}\n"),
            (lines{"b.yaml:2:12: error: scheduler.workers contradicts the "
                   "value given at c.yaml:3:12",
                   "b.yaml:4:17: error: database.url contradicts the value "
                   "given at c.yaml:5:17"}));
}

TEST_F(load_config_test, some_file_must_have_a_scheduler) {
  EXPECT_EQ(faults("database: {}\n"),
            lines{"c.yaml:1:1: error: has no `scheduler:` section, and "
                  "neither has any file that it includes"});
}

// Content sources and database.

TEST_F(load_config_test, content_sources_are_checked) {
  EXPECT_EQ(
      faults("scheduler: {}\ncontent_sources:\n  a: {path: x}\n"
             "  b: {source_id: b}\n  c: 5\n  d: {path: '', source_id: d}\n"
             "  e f: {}\n  g: {path: g, source_id: b, enabled: 3}\n"
             "  h: {path: h, source_id: h, indexing: {recursiv: true}}\n"),
      (lines{
          "c.yaml:3:6: error: content_sources.a.source_id is missing",
          "c.yaml:4:6: error: content_sources.b.path is missing",
          "c.yaml:5:6: error: content_sources.c: expected a map of settings, "
          "not \"5\"",
          "c.yaml:6:13: error: content_sources.d.path: is empty",
          "c.yaml:7:3: error: content_sources: \"e f\" is not a name: use 1 "
          "to 64 letters, digits, \"_\", \".\" and \"-\"",
          "c.yaml:8:27: error: content_sources.g.source_id: \"b\" is also "
          "that of the content source at c.yaml:4:3",
          "c.yaml:8:39: error: content_sources.g.enabled: \"3\" is not a "
          "boolean: write true or false",
          "c.yaml:9:41: error: unknown key \"recursiv\" in "
          "content_sources.h.indexing, did you mean \"recursive\"?"}));
  EXPECT_EQ(faults("scheduler: {}\ncontent_sources: [a]\n"),
            lines{"c.yaml:2:18: error: content_sources: expected a map of "
                  "sources"});
}

TEST_F(load_config_test, a_content_source_of_a_taken_name_names_both_places) {
  write("b.yaml", "content_sources: {a: {path: x, source_id: y}}\n");
  EXPECT_EQ(faults("includes: [b.yaml]\nscheduler: {}\ncontent_sources:\n"
                   "  a: {path: x, source_id: z}\n"),
            lines{"b.yaml:1:19: error: a second content source \"a\", the "
                  "first is at c.yaml:4:3"});
}

TEST_F(load_config_test, database_urls_come_out_absolute) {
  auto url = [&](const std::string& text) {
    const auto report
        = load("scheduler: {}\ndatabase:\n  url: \"" + text + "\"\n");
    return report.ok() ? report.value->database_url : faults(report).at(0);
  };
  EXPECT_EQ(url("sqlite:///var/app.db"),
            "sqlite:///" + path("var/app.db").string());
  EXPECT_EQ(url("sqlite:////var/app.db?mode=ro"),
            "sqlite:////var/app.db?mode=ro");
  EXPECT_EQ(url("postgresql://u:p@h/db"), "postgresql://u:p@h/db");
  const std::string at = "c.yaml:3:8: error: database.url: ";
  EXPECT_EQ(url("sqlite://app.db"),
            at
                + "\"sqlite://app.db\" is not a SQLite URL: write "
                  "sqlite:///RELATIVE/PATH or sqlite:////ABSOLUTE/PATH");
  EXPECT_EQ(url("sqlite:///"), at + "\"sqlite:///\" names no file");
  EXPECT_EQ(url("sqlite:///:memory:"),
            at
                + "\"sqlite:///:memory:\" is lost with each connection: name a "
                  "file");
  EXPECT_EQ(url("postgresq://u:secret@h/db"),
            at
                + "database \"postgresq\" is not known, did you mean "
                  "\"postgresql\"?; write sqlite:///PATH or postgresql://...");
  EXPECT_EQ(url("postgresql:db"), at + "expected postgresql://...");
  EXPECT_EQ(url("app.db"),
            at + "is not a URL; write sqlite:///PATH or postgresql://...");
}

// Files that are no configuration.

TEST_F(load_config_test, an_empty_file_says_what_it_lacks) {
  for (const auto* text : {"", "# nothing\n", "---\n", "{}\n", "~\n", "\n\n"})
    EXPECT_EQ(faults(text), lines{"c.yaml:1:1: error: is empty: expected a "
                                  "`scheduler:` section"})
        << text;
}

TEST_F(load_config_test, a_file_that_is_no_map_is_refused) {
  EXPECT_EQ(faults("- a\n"), lines{"c.yaml:1:1: error: expected a map of "
                                   "settings, not a list"});
}

TEST_F(load_config_test, special_files_are_refused_without_waiting) {
  const auto pipe = path("pipe");
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  auto message = [](const std::filesystem::path& file) {
    return load_config(file, {}).faults.at(0).message;
  };
  EXPECT_EQ(message(pipe), "is a pipe, expected a regular file");
  EXPECT_EQ(message("/dev/zero"), "is a device, expected a regular file");
  EXPECT_EQ(message(path(".")), "is a directory, expected a YAML file");
  EXPECT_EQ(message(path("none")), "cannot be read: no such file");
  EXPECT_EQ(message(""), "cannot be read: no such file");
  EXPECT_TRUE(message(write("f", "") / "x").starts_with("cannot be read: "));
}

TEST_F(load_config_test, a_file_over_sixteen_mebibytes_is_refused) {
  const auto file = write("c.yaml", "scheduler: {}\n");
  std::filesystem::resize_file(file, 100U << 20U);
  EXPECT_EQ(load_config(file, {}).faults.at(0).message,
            "is larger than 16 MiB, the most that a configuration file may "
            "have");
}

TEST_F(load_config_test, what_is_no_text_is_refused) {
  using namespace std::string_literals;
  EXPECT_EQ(faults("a: 1\nb: \0\n"s),
            lines{"c.yaml:2:4: error: is not text: it holds a NUL byte"});
  for (const auto* bytes : {"\xff", "\xc0\x80", "\xed\xa0\x80", "\xe2\x82",
                            "\xf5\x80\x80\x80", "\xf0\x80\x80\x80"})
    EXPECT_EQ(faults("a: "s + bytes),
              lines{"c.yaml:1:4: error: is not valid UTF-8"});
  EXPECT_EQ(faults("\xff\xfe\x61"),
            lines{"c.yaml:1:1: error: is UTF-16 text, expected UTF-8"});
  EXPECT_EQ(faults("a: 1\rb: 2"),
            lines{"c.yaml:1:5: error: carriage return without a line feed: "
                  "end lines with LF or CR LF"});
}

TEST_F(load_config_test, byte_order_mark_and_carriage_returns_are_welcome) {
  EXPECT_TRUE(load("\xEF\xBB\xBFscheduler:\r\n  workers: 2\r\n").ok());
}

TEST_F(load_config_test, columns_count_characters) {
  EXPECT_EQ(faults("scheduler: {\"größe\": 1, x: 2}\n"),
            (lines{"c.yaml:1:13: error: unknown key \"größe\" in scheduler; "
                   "known: enabled, timezone, bootstrap_jobs, workers, "
                   "hosts, extensions, run_as, jobs, retention",
                   "c.yaml:1:25: error: unknown key \"x\" in scheduler; "
                   "known: enabled, timezone, bootstrap_jobs, workers, "
                   "hosts, extensions, run_as, jobs, retention"}));
}

TEST_F(load_config_test, broken_yaml_is_one_fault_with_its_place) {
  EXPECT_EQ(faults("scheduler:\n  jobs: [\n").size(), 1U);
  EXPECT_EQ(faults("scheduler:\n\tjobs: []\n"),
            lines{"c.yaml:2:6: error: not valid YAML: illegal map value"});
  EXPECT_EQ(faults("scheduler:\n  timezone: \"UTC\n"),
            lines{"c.yaml:2:13: error: quoted text without a closing quote"});
  EXPECT_EQ(faults("scheduler: {}\n---\nscheduler: {}\n"),
            lines{"c.yaml:2:1: error: a second YAML document begins here, "
                  "expected one in a file"});
  EXPECT_EQ(faults("scheduler: !thing {}\n"),
            lines{"c.yaml:1:12: error: tags such as \"!thing\" have no "
                  "meaning in a configuration"});
}

TEST_F(load_config_test, quoted_and_block_text_at_the_end_is_closed) {
  EXPECT_TRUE(load("scheduler:\n  timezone: &z 'UTC'\n").ok());
  EXPECT_TRUE(load("scheduler:\n  timezone: \"UTC\"").ok());
  EXPECT_TRUE(load_job("      description: |\n        it's a \"quote\n").ok());
}

TEST_F(load_config_test, alias_bombs_are_refused) {
  std::string bomb = "scheduler:\n  jobs:\n    - &a [x, x, x, x, x, x, x, x]\n";
  for (char c = 'b'; c < 'k'; ++c) {
    bomb += std::string{"    - &"} + c + " [";
    for (int i = 0; i < 8; ++i)
      bomb += std::string{"*"} + static_cast<char>(c - 1) + ", ";
    bomb += "]\n";
  }
  const auto found = faults(bomb);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_NE(found[0].find("holds more than 1,000,000 values"),
            std::string::npos);
  EXPECT_EQ(faults("scheduler: &a [*a]\n"),
            lines{"c.yaml:1:16: error: alias of a value that contains it"});
}

TEST_F(load_config_test, deep_nesting_is_refused) {
  const std::size_t many = 2'000'000;
  std::string dashes;
  for (int i = 0; i < 100'000; ++i)
    dashes += "- ";
  std::string indented;
  for (int i = 0; i < 100; ++i)
    indented += std::string(static_cast<std::size_t>(i), ' ') + "a:\n";
  std::string chained = "- &a0 [x]\n";
  for (int i = 1; i < 1000; ++i)
    chained
        += "- &a" + std::to_string(i) + " [*a" + std::to_string(i - 1) + "]\n";
  for (const auto& text : {std::string(many, '['), std::string(many, '{'),
                           std::string(500, '['), dashes, indented, chained}) {
    const auto found = faults(text);
    ASSERT_EQ(found.size(), 1U);
    EXPECT_NE(found[0].find("is nested deeper than 64 levels"),
              std::string::npos)
        << found[0];
  }
}

TEST_F(load_config_test, a_file_of_one_endless_value_is_refused) {
  EXPECT_EQ(faults(std::string(std::size_t{6} << 20U, '\n')),
            lines{"c.yaml:1:1: error: has no value within 4 MiB of text"});
}

TEST_F(load_config_test, a_thousand_faults_are_enough) {
  std::string text = "scheduler:\n  jobs:\n";
  for (int i = 0; i < 3'000; ++i)
    text += "    - {name: j" + std::to_string(i)
            + ", extension: blog, job: "
              "content_ingestion, schedul: x}\n";
  const auto report = load(text);
  EXPECT_FALSE(report.ok());
  ASSERT_EQ(report.faults.size(), 1'001U);
  EXPECT_EQ(report.faults.back().message,
            "too many faults: the rest is not shown");
}

TEST_F(load_config_test, an_error_behind_a_thousand_warnings_still_refuses) {
  std::string text = "scheduler:\n  jobs:\n";
  for (int i = 0; i < 1'200; ++i)
    text += "    - {name: j" + std::to_string(i) + ", extension: nobody}\n";
  EXPECT_TRUE(load(text).ok());
  EXPECT_FALSE(load(text + "    - {name: Z, extension: blog}\n").ok());
}

TEST_F(load_config_test, loads_ten_thousand_jobs) {
  std::string text = "scheduler:\n  jobs:\n";
  for (int i = 0; i < 10'000; ++i)
    text += "    - name: job_" + std::to_string(i)
            + "\n      extension: blog\n      job: content_ingestion\n"
              "      schedule: \"0 */30 * * * *\"\n      enabled: true\n";
  const auto report = load(text);
  ASSERT_TRUE(report.ok());
  EXPECT_EQ(report.value->jobs.size(), 10'000U);
  EXPECT_EQ(report.value->jobs.back().place.line, 2 + 5 * 9'999 + 1);
}

} // namespace

} // namespace jobq::test
