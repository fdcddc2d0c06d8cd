#include "tests/jobs/config_support.hpp"

namespace jobq::test {

namespace {

using std::chrono::minutes;

class config_jobs : public config_folder {
protected:
  /// Checks that a line of a job is one error at line 6 with this message.
  void expect_error(std::string_view line, int column,
                    const std::string& message) const {
    EXPECT_EQ(job_faults("      " + std::string{line}),
              lines{"c.yaml:6:" + std::to_string(column)
                    + ": error: job \"j\": " + message});
  }
};

TEST_F(config_jobs, a_minimal_job_has_every_default) {
  const auto report = load_job("");
  ASSERT_TRUE(report.ok());
  EXPECT_TRUE(report.faults.empty());
  const auto& job = report.value->jobs.at(0);
  EXPECT_TRUE(job.enabled);
  EXPECT_FALSE(job.schedule);
  EXPECT_EQ(job.queue, "default");
  EXPECT_EQ(job.timeout, std::nullopt);
  EXPECT_EQ(job.max_attempts, 1U);
  EXPECT_EQ(job.overlap_policy, overlap_policy::skip);
  EXPECT_EQ(job.place.line, 3);
  EXPECT_EQ(job.place.column, 7);
  EXPECT_EQ(job.extension_place.line, 4);
  EXPECT_EQ(job.function_place.line, 5);
}

TEST_F(config_jobs, the_function_defaults_to_the_name) {
  const auto report = load("scheduler:\n  jobs:\n"
                           "    - {name: publish_content, extension: core}\n");
  ASSERT_TRUE(report.ok());
  EXPECT_EQ(report.value->jobs.at(0).function, "publish_content");
  EXPECT_TRUE(report.faults.empty());
}

TEST_F(config_jobs, name_and_extension_are_required) {
  EXPECT_EQ(faults("scheduler:\n  jobs:\n    - {extension: core, job: "
                   "publish_content}\n    - {name: j}\n"),
            (lines{"c.yaml:3:7: error: name is missing",
                   "c.yaml:4:7: error: job \"j\": extension is missing"}));
}

TEST_F(config_jobs, names_have_their_alphabet) {
  EXPECT_EQ(faults("scheduler:\n  bootstrap_jobs: [Bad Name]\n  jobs:\n"
                   "    - {name: Bad Name, extension: core}\n"),
            lines{"c.yaml:4:14: error: job \"Bad Name\": name: \"Bad Name\" is "
                  "not a job's name: use 1 to 64 of a-z, 0-9, \"_\", \".\" "
                  "and \"-\""});
}

TEST_F(config_jobs, entries_that_are_no_maps_are_refused) {
  EXPECT_EQ(faults("scheduler:\n  bootstrap_jobs: [a]\n  jobs:\n    - a\n"
                   "    -\n    - [b]\n"),
            (lines{"c.yaml:4:7: error: expected a map of settings, not \"a\"",
                   "c.yaml:5:5: error: an empty job: expected name, extension "
                   "and so on",
                   "c.yaml:6:7: error: expected a map of settings, not a "
                   "list"}));
}

TEST_F(config_jobs, unknown_extensions_and_functions_are_warnings) {
  const auto report = load("scheduler:\n  jobs:\n"
                           "    - {name: a, extension: blogg}\n"
                           "    - {name: b, extension: zzzzz}\n"
                           "    - {name: c, extension: core, job: "
                           "publish_contnet}\n"
                           "    - {name: d, extension: blog}\n");
  EXPECT_TRUE(report.ok());
  EXPECT_EQ(faults(report),
            (lines{"c.yaml:3:28: warning: job \"a\": extension \"blogg\" not "
                   "found, did you mean \"blog\"?",
                   "c.yaml:4:28: warning: job \"b\": extension \"zzzzz\" not "
                   "found; known: blog, core",
                   "c.yaml:5:39: warning: job \"c\": extension \"core\" has no "
                   "job function \"publish_contnet\", did you mean "
                   "\"publish_content\"?",
                   "c.yaml:6:14: warning: job \"d\": extension \"blog\" has no "
                   "job function \"d\"; known: content_ingestion"}));
}

TEST_F(config_jobs, a_bad_schedule_keeps_its_mark_and_hint) {
  const auto found = job_faults("      schedule: \"0 75 * * * *\"");
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0],
            "c.yaml:6:17: error: job \"j\": invalid schedule: minute (field "
            "2): 75 is out of range 0-59\n    0 75 * * * *\n      ^^");
}

TEST_F(config_jobs, an_empty_schedule_is_manual_only) {
  for (const auto* text : {"schedule: \"\"", "schedule:", "schedule: ~"}) {
    const auto report = load_job("      " + std::string{text});
    ASSERT_TRUE(report.ok()) << text;
    EXPECT_FALSE(report.value->jobs.at(0).schedule);
    EXPECT_EQ(report.value->jobs.at(0).schedule_fingerprint(), "");
  }
  expect_error("schedule: [a]", 17, "schedule: expected one value, not a list");
  expect_error("schedule: \"" + std::string(2000, '*') + "\"", 17,
               "schedule: is longer than 1024 characters");
}

TEST_F(config_jobs, an_unquoted_star_gets_a_hint) {
  EXPECT_EQ(job_faults("      schedule: * * * * * *"),
            lines{"c.yaml:6:18: error: not valid YAML: alias not found after "
                  "*; put a value that begins with \"*\" in quotes"});
  EXPECT_EQ(job_faults("      schedule: @hourly"),
            lines{"c.yaml:6:17: error: not valid YAML: unknown token; put a "
                  "value that begins with \"@\" in quotes"});
}

TEST_F(config_jobs, zones_are_checked) {
  expect_error("timezone: Europe/Londn", 17,
               "timezone: unknown time zone \"Europe/Londn\", did you mean "
               "\"Europe/London\"?");
  expect_error("timezone: " + std::string(500, 'x'), 17,
               "timezone: \"" + std::string(60, 'x')
                   + "…\" is not a time zone");
}

TEST_F(config_jobs, the_jobs_zone_stands_above_the_schedulers) {
  const auto report
      = load("scheduler:\n  timezone: Asia/Tokyo\n  jobs:\n"
             "    - {name: a, extension: blog, job: content_ingestion}\n"
             "    - {name: b, extension: blog, job: content_ingestion, "
             "timezone: Europe/London}\n");
  ASSERT_TRUE(report.ok());
  EXPECT_EQ(report.value->jobs.at(0).timezone.name(), "Asia/Tokyo");
  EXPECT_EQ(report.value->jobs.at(1).timezone.name(), "Europe/London");
}

TEST_F(config_jobs, typed_values_are_checked) {
  expect_error("enabled: maybe", 16,
               "enabled: \"maybe\" is not a boolean: write true or false");
  expect_error("enabled: \"true\"", 16,
               "enabled: \"true\" is text: write it without quotes");
  expect_error("enabled:", 7, "enabled: has no value");
  expect_error("enforce: {}", 16, "enforce: expected one value, not a map");
  expect_error("priority: 101", 17, "priority: 101 is out of range -100..100");
  expect_error("priority: 1.5", 17, "priority: \"1.5\" is not a whole number");
  expect_error("priority: 99999999999999999999999", 17,
               "priority: \"99999999999999999999999\" is out of range "
               "-100..100");
  expect_error("max_attempts: 0", 21,
               "max_attempts: 0 is out of range 1..1000");
  expect_error("max_crashes: 0", 20, "max_crashes: 0 is out of range 1..1000");
  expect_error("catchup_limit: 10001", 22,
               "catchup_limit: 10001 is out of range 1..10000");
  expect_error("queue: Loud", 14,
               "queue: \"Loud\" is not a queue's name: use 1 to 64 of a-z, "
               "0-9, \"_\", \".\" and \"-\"");
  expect_error("description: \"a\\0b\"", 20,
               "description: holds a NUL character");
}

TEST_F(config_jobs, durations_are_checked) {
  for (const auto* key : {"timeout", "catchup_window", "misfire_threshold",
                          "start_deadline", "jitter"}) {
    const auto found = job_faults("      " + std::string{key} + ": soon");
    ASSERT_EQ(found.size(), 1U) << key;
    EXPECT_NE(found[0].find(std::string{"error: job \"j\": "} + key
                            + ": \"soon\" is not a duration"),
              std::string::npos)
        << found[0];
  }
  expect_error("timeout: 0s", 16, "timeout: must be at least 1ms");
  expect_error("timeout: " + std::string(300, '1'), 16,
               "timeout: \"" + std::string(60, '1') + "…\" is too long");
}

TEST_F(config_jobs, timeout_may_be_given_in_seconds) {
  const auto report = load_job("      timeout_seconds: 600");
  ASSERT_TRUE(report.ok());
  EXPECT_EQ(report.value->jobs.at(0).timeout, minutes{10});
  expect_error("timeout_seconds: 0", 24,
               "timeout_seconds: 0 is out of range 1..3155760000");
  EXPECT_EQ(job_faults("      timeout: 1m\n      timeout_seconds: 60"),
            lines{"c.yaml:7:7: error: job \"j\": timeout and timeout_seconds "
                  "are both given: keep one"});
}

TEST_F(config_jobs, words_are_listed_with_a_suggestion) {
  expect_error("overlap_policy: buffer_on", 23,
               "overlap_policy: \"buffer_on\" is not one of skip, buffer_one, "
               "buffer_all, cancel_other, terminate_other, allow_all, did you "
               "mean \"buffer_one\"?");
  expect_error("catchup: everything", 16,
               "catchup: \"everything\" is not one of none, latest, earliest, "
               "all");
  expect_error("dst_gap: shft", 16,
               "dst_gap: \"shft\" is not one of auto, shift, skip, did you "
               "mean \"shift\"?");
  expect_error("dst_overlap: firts", 20,
               "dst_overlap: \"firts\" is not one of auto, first, last, both, "
               "did you mean \"first\"?");
  expect_error(
      "isolation: threat", 18,
      "isolation: \"threat\" is not one of process, thread, inline, did you "
      "mean \"thread\"?");
}

TEST_F(config_jobs, kubernetes_words_are_overlap_policies) {
  const std::pair<const char*, overlap_policy> cases[]{
      {"Allow", overlap_policy::allow_all},
      {"Forbid", overlap_policy::skip},
      {"Replace", overlap_policy::cancel_other}};
  for (const auto& [word, policy] : cases) {
    const auto report = load_job(std::string{"      overlap_policy: "} + word);
    ASSERT_TRUE(report.ok()) << word;
    EXPECT_EQ(report.value->jobs.at(0).overlap_policy, policy);
  }
}

TEST_F(config_jobs, parameters_keep_their_text) {
  const auto report
      = load_job("      parameters: {a: 007, b: true, c: \"x: y\", d: 1.50}");
  ASSERT_TRUE(report.ok());
  EXPECT_EQ(report.value->jobs.at(0).parameters,
            (parameter_map{
                {"a", "007"}, {"b", "true"}, {"c", "x: y"}, {"d", "1.50"}}));
}

TEST_F(config_jobs, parameters_are_single_values) {
  EXPECT_EQ(job_faults("      parameters:\n        a: [1]\n        b: {}\n"
                       "        c:\n        d e: 1\n        f: 1\n"
                       "        f: 2"),
            (lines{"c.yaml:7:12: error: job \"j\": parameters.a: expected one "
                   "value, not a list",
                   "c.yaml:8:12: error: job \"j\": parameters.b: expected one "
                   "value, not a map",
                   "c.yaml:9:9: error: job \"j\": parameters.c: has no value",
                   "c.yaml:10:9: error: job \"j\": parameters: \"d e\" is not "
                   "a name: use 1 to 64 letters, digits, \"_\", \".\" and "
                   "\"-\"",
                   "c.yaml:12:9: error: job \"j\": key \"f\" is given twice, "
                   "first at c.yaml:11:9"}));
  expect_error("parameters: [a]", 19,
               "parameters: expected a map of names and values");
}

TEST_F(config_jobs, tags_are_words) {
  const auto report = load_job("      tags: [a, b, a]");
  ASSERT_TRUE(report.ok());
  EXPECT_EQ(report.value->jobs.at(0).tags, (lines{"a", "b"}));
  expect_error("tags: content", 13, "tags: expected a list, not \"content\"");
  expect_error("tags: [a b]", 14,
               "tags: \"a b\" is not a tag: use 1 to 64 characters without "
               "spaces and commas");
  expect_error("tags: [[a]]", 14, "tags: expected one value, not a list");
}

TEST_F(config_jobs, backoff_is_read_and_checked) {
  const auto report = load_job("      backoff: {type: fixed, base: 2s, "
                               "factor: 1.5, max: 1h, jitter: 0}");
  ASSERT_TRUE(report.ok());
  EXPECT_EQ(report.value->jobs.at(0).backoff,
            (backoff{backoff_type::fixed, seconds{2}, 1.5, minutes{60}, 0}));
  expect_error("backoff: {jitter: 1.5}", 25,
               "backoff.jitter: 1.5 is out of range 0..1");
  expect_error("backoff: {factor: 0}", 25,
               "backoff.factor: must be greater than 0");
  expect_error("backoff: {factor: nan}", 25,
               "backoff.factor: \"nan\" is not a number");
  expect_error("backoff: {max: 1s, base: 2s}", 22,
               "backoff.max: max (1s) is less than base (2s)");
  expect_error("backoff: {base: 2d}", 23,
               "backoff.base: max (1d) is less than base (2d)");
  expect_error("backoff: {bas: 2d}", 17,
               "unknown key \"bas\" in backoff, did you mean \"base\"?");
  expect_error("backoff: fixed", 16,
               "backoff: expected a map of settings, not \"fixed\"");
}

TEST_F(config_jobs, sizes_are_binary) {
  const auto report = load_job("      limits: {output: 64KiB}");
  ASSERT_TRUE(report.ok());
  EXPECT_TRUE(report.faults.empty());
  EXPECT_EQ(report.value->jobs.at(0).limits.output, 65'536U);
  expect_error("limits: {output: 64MB}", 24,
               "limits.output: \"64MB\" is not a size: did you mean "
               "\"64MiB\"?");
  expect_error("limits: {output: big}", 24,
               "limits.output: \"big\" is not a size: write a whole number "
               "with a unit, such as 512MiB");
  expect_error("limits: {output: 5XiB}", 24,
               "limits.output: \"5XiB\" is not a size: the units are KiB, "
               "MiB, GiB and TiB");
  expect_error("limits: {output: 99999999TiB}", 24,
               "limits.output: \"99999999TiB\" is not a size: too large");
}

TEST_F(config_jobs, concurrency_and_rate_limit_are_checked) {
  auto errors = [&](std::string_view line) {
    lines out;
    for (const auto& fault : load_job(line).faults)
      if (fault.level == severity::error)
        out.push_back(fault.message);
    return out;
  };
  EXPECT_EQ(errors("      concurrency: {key: \"{parameters.a}\"}"),
            lines{"concurrency.limit is missing"});
  EXPECT_EQ(errors("      concurrency: {limit: 0}"),
            lines{"concurrency.limit: 0 is out of range 1..1000000"});
  EXPECT_EQ(errors("      concurrency: {limit: 1, key: \"{paramters.a}\"}"),
            lines{"concurrency.key: \"paramters.a\" is no placeholder: write "
                  "{parameters.NAME}"});
  EXPECT_EQ(errors("      concurrency: {limit: 1, key: \"{parameters.a\"}"),
            lines{"concurrency.key: has a brace without its partner"});
  EXPECT_EQ(errors("      rate_limit: {period: 1m}"),
            lines{"rate_limit.limit is missing"});
  EXPECT_EQ(errors("      rate_limit: {limit: 1, period: 0s}"),
            lines{"rate_limit.period: must be at least 1ms"});
  const auto report = load_job("      rate_limit: {limit: 5}");
  ASSERT_TRUE(report.ok());
  EXPECT_EQ(report.value->jobs.at(0).rate_limit, (rate_limit{5, minutes{1}}));
}

TEST_F(config_jobs, commands_have_their_own_keys) {
  const auto report
      = load("scheduler:\n  jobs:\n    - name: dump\n      extension: command\n"
             "      command: [/bin/echo, 1]\n      env: {A_1: b}\n"
             "      working_directory: ../x\n");
  ASSERT_TRUE(report.ok());
  const auto& job = report.value->jobs.at(0);
  EXPECT_EQ(job.function, "exec");
  EXPECT_EQ(job.command, (lines{"/bin/echo", "1"}));
  EXPECT_EQ(job.env.at("A_1"), "b");
  EXPECT_EQ(job.working_directory, path("../x").lexically_normal().string());
}

TEST_F(config_jobs, command_keys_and_extension_go_together) {
  expect_error("command: [/bin/true]", 7,
               "command is only for jobs of the extension \"command\"");
  expect_error("env: {A: b}", 7,
               "env is only for jobs of the extension \"command\"");
  expect_error("working_directory: .", 7,
               "working_directory is only for jobs of the extension "
               "\"command\"");
  auto errors = [&](const std::string& line) {
    lines out;
    for (const auto& fault :
         load("scheduler:\n  jobs:\n    - name: j\n      extension: command\n"
              "      "
              + line + '\n')
             .faults)
      if (fault.level == severity::error)
        out.push_back(fault.message);
    return out;
  };
  EXPECT_EQ(errors(""), lines{"a job of the extension \"command\" needs "
                              "command: [PROGRAM, ARGUMENT...]"});
  EXPECT_EQ(errors("command: ls -l"),
            lines{"command: expected a list, not \"ls -l\""});
  EXPECT_EQ(errors("command: []"),
            lines{"command: is empty, expected [PROGRAM, ARGUMENT...]"});
  EXPECT_EQ(errors("command: ['']"),
            lines{"command: the program's name is empty"});
  EXPECT_EQ(errors("command: [a]\n      env: {1A: b}"),
            lines{"env: \"1A\" is not a name: use letters, digits and \"_\", "
                  "not beginning with a digit"});
  EXPECT_EQ(errors("command: [a]\n      working_directory: ''"),
            lines{"working_directory: is empty"});
}

TEST_F(config_jobs, merge_keys_give_way_to_the_jobs_own) {
  const auto report = load("scheduler:\n  jobs:\n"
                           "    - &base\n      name: a\n      extension: core\n"
                           "      job: publish_content\n      priority: 5\n"
                           "    - <<: *base\n      name: b\n");
  ASSERT_TRUE(report.ok()) << faults(report).front();
  EXPECT_EQ(report.value->jobs.at(1).name, "b");
  EXPECT_EQ(report.value->jobs.at(1).priority, 5);
  expect_error("<<: 5", 11, "<< takes a map or a list of maps, not \"5\"");
}

TEST_F(config_jobs, the_fingerprint_is_that_of_the_ticks) {
  auto print = [&](std::string_view text) {
    const auto report = load_job(text);
    return report.ok() ? report.value->jobs.at(0).schedule_fingerprint()
                       : "faulty";
  };
  const auto base = print("      schedule: \"0 0 3 * * *\"");
  EXPECT_EQ(base, "0 0 3 * * *|UTC|gap=auto|overlap=auto");
  EXPECT_EQ(print("      schedule: \"  0  0 3\\t* * * \""), base);
  EXPECT_EQ(print("      schedule: \"0 0 3 * * *\"\n      priority: 5"), base);
  EXPECT_NE(print("      schedule: \"0 0 4 * * *\""), base);
  EXPECT_NE(print("      schedule: \"0 0 3 * * *\"\n"
                  "      timezone: Europe/London"),
            base);
  EXPECT_NE(print("      schedule: \"0 0 3 * * *\"\n      dst_gap: skip"),
            base);
  EXPECT_NE(print("      schedule: \"0 0 3 * * *\"\n      dst_overlap: both"),
            base);
}

} // namespace

} // namespace jobq::test
