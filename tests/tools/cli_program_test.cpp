#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace jobq {
namespace {

namespace fs = std::filesystem;

const fs::path program_file = fs::path{JOBQ_BIN_DIR} / "jobq";

struct program_result {
  int code = -1;
  std::string output;
  std::string diagnostics;
};

std::string contents(const fs::path& file) {
  std::ifstream in{file};
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

/// Runs the program with words that a shell does not read, in a directory of
/// its own.
class program : public testing::Test {
protected:
  void SetUp() override {
    char name[] = "/tmp/jobq-cli-XXXXXX";
    ASSERT_NE(::mkdtemp(name), nullptr);
    folder_ = name;
  }

  void TearDown() override { fs::remove_all(folder_); }

  program_result run(const std::vector<std::string>& words,
                     const std::string& name = "jobq",
                     const std::string& output = "out") {
    auto path = program_file;
    if (name != "jobq") {
      path = folder_ / name;
      if (!fs::exists(path))
        fs::create_symlink(program_file, path);
    }
    std::vector<std::string> line{path.string()};
    line.insert(line.end(), words.begin(), words.end());
    std::vector<char*> argv;
    for (auto& word : line)
      argv.push_back(word.data());
    argv.push_back(nullptr);
    const auto out = (folder_ / output).string();
    const auto err = (folder_ / "err").string();
    const auto folder = folder_.string();
    const auto child = ::fork();
    if (child == 0) {
      const int to = ::open(out.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
      const int said = ::open(err.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
      if (::chdir(folder.c_str()) != 0 || ::dup2(to, 1) < 0
          || ::dup2(said, 2) < 0)
        ::_exit(126);
      ::unsetenv("JOBQ_CONFIG");
      ::unsetenv("JOBQ_DATA");
      ::execv(argv[0], argv.data());
      ::_exit(127);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return {WIFEXITED(status) ? WEXITSTATUS(status) : 128,
            output == "out" ? contents(folder_ / output) : "",
            contents(folder_ / "err")};
  }

  void write(const std::string& name, const std::string& text) {
    fs::create_directories((folder_ / name).parent_path());
    std::ofstream{folder_ / name} << text;
  }

  fs::path folder_;
};

TEST_F(program, answers_help_and_version_without_anything) {
  EXPECT_EQ(run({"--help"}).code, 0);
  EXPECT_EQ(run({"--version"}).output.rfind("jobq ", 0), 0U);
  for (const auto* command : {"list",
                              "show",
                              "run",
                              "history",
                              "enable",
                              "disable",
                              "cleanup-sessions",
                              "log-cleanup",
                              "next",
                              "check",
                              "status",
                              "runs",
                              "run-info",
                              "logs",
                              "cancel",
                              "retry",
                              "discard",
                              "reload",
                              "drain",
                              "stop"}) {
    const auto done = run({command, "--help"});
    EXPECT_EQ(done.code, 0) << command;
    EXPECT_NE(done.output.find("Example"), std::string::npos) << command;
  }
}

TEST_F(program, says_nothing_on_its_output_when_used_wrongly) {
  const std::vector<std::vector<std::string>> lines{
      {},
      {"lst"},
      {"pause"},
      {"enqueue", "core.x"},
      {"list", "x"},
      {"list", "--tz", "Mars/Phobos"},
      {"list", "--frob"},
      {"show"},
      {"show", "a", "b"},
      {"run"},
      {"run", "a", "--timeout", "x"},
      {"run", "a", "-p", "x"},
      {"history", "-n", "0"},
      {"history", "--since", "x"},
      {"history", "--status", "x"},
      {"enable"},
      {"disable"},
      {"cleanup-sessions", "--hours", "-1"},
      {"log-cleanup", "--days", "abc"},
      {"next"},
      {"next", "0", "0", "*", "*", "*", "*"},
      {"next", "@daily", "--count", "1001"},
      {"next", "@daily", "--from", "2027-01-01T00:00:00"},
      {"next", "@daily", "--job", "x"},
      {"check", "a", "b"},
      {"status", "x"},
      {"runs", "--state", "x"},
      {"run-info"},
      {"run-info", "nonsense"},
      {"logs"},
      {"cancel"},
      {"retry", "--state", "dead"},
      {"discard", "x"},
      {"reload", "x"},
      {"drain", "--hard"},
      {"stop", "x"}};
  for (const auto& line : lines) {
    const auto done = run(line);
    const auto shown = line.empty() ? "no command" : line[0];
    EXPECT_EQ(done.code, 2) << shown << ": " << done.diagnostics;
    EXPECT_EQ(done.output, "") << shown;
    EXPECT_EQ(done.diagnostics.rfind("jobq: ", 0), 0U) << shown;
  }
  EXPECT_FALSE(fs::exists(folder_ / "var"));
}

TEST_F(program, understands_the_seeds_spelling_under_the_seeds_name) {
  EXPECT_EQ(run({"infra", "jobs", "next", "@daily"}, "systemprompt").code, 0);
  EXPECT_EQ(run({"next", "@daily"}, "systemprompt").code, 2);
  EXPECT_EQ(run({"infra", "jobs", "next", "@daily"}).code, 2);
}

TEST_F(program, prints_the_fire_times_of_every_example) {
  std::ifstream examples{JOBQ_SOURCE_DIR "/tests/cron/examples.tsv"};
  ASSERT_TRUE(examples);
  std::string line;
  std::getline(examples, line);
  while (std::getline(examples, line)) {
    std::stringstream columns{line};
    std::string expression, zone, from, expected;
    std::getline(columns, expression, '\t');
    std::getline(columns, zone, '\t');
    std::getline(columns, from, '\t');
    std::getline(columns, expected, '\t');
    const auto done = run({"next", expression, "--tz", zone, "--from", from,
                           "--count", "4", "--json"});
    if (expected == "error") {
      EXPECT_EQ(done.code, 2) << line;
      EXPECT_EQ(done.output, "") << line;
      EXPECT_EQ(done.diagnostics.rfind("jobq: invalid schedule: ", 0), 0U)
          << done.diagnostics;
      continue;
    }
    ASSERT_EQ(done.code, 0) << line << done.diagnostics;
    std::string times;
    for (const auto& time : nlohmann::json::parse(done.output)) {
      auto text = time.get<std::string>();
      if (text.ends_with("Z") && expected.find("+00:00") != std::string::npos)
        text.replace(text.size() - 1, 1, "+00:00");
      times += (times.empty() ? "" : " ") + text;
    }
    EXPECT_EQ(times, expected) << line;
  }
}

TEST_F(program, checks_a_configuration) {
  write("good.yaml", "scheduler:\n  jobs:\n    - name: a\n      extension: "
                     "core\n      job: cleanup_empty_contexts\n      "
                     "schedule: \"0 */7 * * * *\"\n      enabled: true\n");
  const auto good = run({"check", "good.yaml"});
  EXPECT_EQ(good.code, 0) << good.diagnostics;
  EXPECT_NE(good.output.find("good.yaml: 1 job, "), std::string::npos)
      << good.output;
  EXPECT_NE(good.diagnostics.find("warning"), std::string::npos);
  write("bad.yaml", "scheduler:\n  jobs:\n    - name: a\n      extension: "
                    "core\n      job: cleanup_empty_contexts\n      "
                    "schedule: \"0 75 * * * *\"\n");
  const auto bad = run({"check", "bad.yaml", "--json"});
  EXPECT_EQ(bad.code, 2);
  const auto document = nlohmann::json::parse(bad.output);
  EXPECT_EQ(document["ok"], false);
  EXPECT_EQ(document["faults"][0]["level"], "error");
  EXPECT_NE(run({"check", "bad.yaml"}).diagnostics.find("\n    0 75 * * * *\n"),
            std::string::npos);
  EXPECT_EQ(run({"check", "absent.yaml"}).code, 2);
  EXPECT_FALSE(fs::exists(folder_ / "var"));
}

TEST_F(program, tells_fire_times_of_a_configured_job) {
  write("services/scheduler/config.yaml",
        "scheduler:\n  jobs:\n    - name: a\n      extension: core\n      "
        "job: cleanup_empty_contexts\n      schedule: \"0 0 3 * * *\"\n      "
        "timezone: Europe/Paris\n      enabled: true\n");
  const auto done = run(
      {"next", "--job", "a", "--from", "2027-06-01T00:00:00Z", "--count", "1"});
  EXPECT_EQ(done.output, "2027-06-01T03:00:00+02:00\n") << done.diagnostics;
  EXPECT_EQ(run({"next", "--job", "b"}).code, 3);
}

TEST_F(program, measures_by_the_program_beside_it) {
  const auto list = run({"bench", "--list"});
  EXPECT_EQ(list.code, 0) << list.diagnostics;
  EXPECT_NE(list.output.find("full_cycle/outstanding:64"), std::string::npos);
  const auto measured
      = run({"bench", "--json", "--scenario", "enqueue/count:20", "--directory",
             folder_.string()});
  EXPECT_EQ(measured.code, 0) << measured.diagnostics;
  EXPECT_EQ(nlohmann::json::parse(measured.output)["runs"], 20);
  EXPECT_EQ(run({"bench"}).code, 2);
  EXPECT_EQ(run({"bench", "--scenario", "full_circle"}).code, 2);
}

TEST_F(program, fails_when_its_output_can_not_be_written) {
  ASSERT_TRUE(fs::exists("/dev/full"));
  fs::create_symlink("/dev/full", folder_ / "full");
  const auto done = run({"next", "@daily"}, "jobq", "full");
  EXPECT_EQ(done.code, 1);
  EXPECT_NE(done.diagnostics.find("can't write the output"), std::string::npos);
}

TEST_F(program, works_without_a_server) {
  write("c.yaml", "scheduler:\n  jobs:\n    - name: sweep\n      extension: "
                  "core\n      job: cleanup_empty_contexts\n      schedule: "
                  "\"0 0 * * * *\"\n      enabled: true\ndatabase:\n  url: "
                  "\"sqlite:///app.db\"\n");
  const auto with = [&](std::vector<std::string> words) {
    words.insert(words.begin(), {"--config", "c.yaml", "--data", "d"});
    return run(words);
  };
  const auto listed = with({"list", "--json"});
  ASSERT_EQ(listed.code, 0) << listed.diagnostics;
  EXPECT_EQ(nlohmann::json::parse(listed.output)["name"], "sweep");
  const auto ran = with({"run", "sweep", "--json"});
  EXPECT_EQ(ran.code, 0) << ran.diagnostics;
  const auto run_made = nlohmann::json::parse(ran.output);
  EXPECT_EQ(run_made["state"], "completed");
  const std::string made_id = run_made["id"];
  EXPECT_EQ(with({"run-info", made_id}).code, 0);
  EXPECT_EQ(with({"logs", made_id}).code, 0);
  const auto history = with({"history", "--json"});
  EXPECT_EQ(nlohmann::json::parse(history.output)["id"], made_id);
  EXPECT_EQ(with({"disable", "sweep", "--reason", "tired"}).code, 0);
  const auto shown = with({"show", "sweep"});
  EXPECT_NE(shown.output.find("tired"), std::string::npos) << shown.output;
  EXPECT_NE(shown.output.find("jobq enable sweep"), std::string::npos);
  EXPECT_EQ(with({"cleanup-sessions", "--dry-run"}).code, 0);
  EXPECT_EQ(with({"log-cleanup", "--days", "0"}).code, 0);
  EXPECT_EQ(with({"status"}).code, 0);
  EXPECT_EQ(with({"run", "swep"}).code, 3);
  EXPECT_EQ(with({"show", "swep"}).code, 3);
  EXPECT_EQ(with({"run-info", "01jf8zq2r4v0c9m3x7k5t1n6wd"}).code, 3);
  EXPECT_EQ(with({"reload"}).code, 4);
  EXPECT_EQ(with({"stop"}).code, 4);
  EXPECT_EQ(with({"history", "--follow"}).code, 4);
}

} // namespace
} // namespace jobq
