#include "extensions/command/environment.hpp"

#include <stdlib.h>

#include <set>

#include <gtest/gtest.h>

#include "tests/extensions/command_fixture.hpp"

namespace jobq {

namespace {

using namespace std::string_literals;

/// Sets variables of this process for the duration of a test.
class variables {
public:
  void set(const char* name, const char* value) {
    const char* old = ::getenv(name);
    before_.emplace_back(name,
                         old ? std::optional<std::string>{old} : std::nullopt);
    if (value)
      ::setenv(name, value, 1);
    else
      ::unsetenv(name);
  }

  ~variables() {
    for (auto each = before_.rbegin(); each != before_.rend(); ++each)
      if (each->second)
        ::setenv(each->first.c_str(), each->second->c_str(), 1);
      else
        ::unsetenv(each->first.c_str());
  }

private:
  std::vector<std::pair<std::string, std::optional<std::string>>> before_;
};

class command_environment_test : public test::command_test {
protected:
  command_environment_test() {
    for (const char* name : {"LANG", "TZ", "USER", "LOGNAME", "TMPDIR"})
      variables_.set(name, nullptr);
    variables_.set("HOME", "/home/jobs");
  }

  environment_map made() {
    auto environment = command_environment(context_, what_);
    EXPECT_TRUE(environment.has_value());
    return environment.value_or(environment_map{});
  }

  std::string fault() {
    auto environment = command_environment(context_, what_);
    EXPECT_FALSE(environment.has_value());
    return environment ? "" : environment.error().message;
  }

  /// What a program really finds.
  environment_map seen() {
    auto done = run({"env", "-0"});
    EXPECT_EQ(done.error, "");
    environment_map found;
    auto text = output();
    for (std::size_t at = 0; at < text.size();) {
      std::string each{text.c_str() + at};
      auto split = each.find('=');
      found[each.substr(0, split)] = each.substr(split + 1);
      at += each.size() + 1;
    }
    return found;
  }

  variables variables_;
};

time_point at(const char* text) {
  return *parse_rfc3339(text);
}

} // namespace

TEST_F(command_environment_test, it_is_exactly_what_is_promised) {
  variables_.set("SECRET_OF_THE_SERVER", "x");
  variables_.set("LD_LIBRARY_PATH", "/lib");
  variables_.set("TZ", "Europe/Vienna");
  variables_.set("LANG", "C.UTF-8");
  variables_.set("USER", "u");
  variables_.set("LOGNAME", "l");
  variables_.set("TMPDIR", "/tmp");
  context_.nominal = at("2027-03-28T03:00:00Z");
  context_.until = at("2027-03-28T03:10:00.5Z");
  context_.given = {{"retention-days", "30"}, {"Max_2", " a=b\n"}};
  what_.env = {{"GREETING", "hello"}, {"EMPTY", ""}};
  const environment_map expected{
      {"PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
      {"HOME", "/home/jobs"},
      {"TZ", "Europe/Vienna"},
      {"LANG", "C.UTF-8"},
      {"USER", "u"},
      {"LOGNAME", "l"},
      {"TMPDIR", "/tmp"},
      {"GREETING", "hello"},
      {"EMPTY", ""},
      {"JOBQ_RUN_ID", context_.run.to_string()},
      {"JOBQ_JOB", "report"},
      {"JOBQ_ATTEMPT", "2"},
      {"JOBQ_NOMINAL_TIME", "2027-03-28T03:00:00.000Z"},
      {"JOBQ_DEADLINE", "2027-03-28T03:10:00.500Z"},
      {"JOBQ_ENFORCE", "true"},
      {"JOBQ_CONTROL_FD", "3"},
      {"JOBQ_PARAM_RETENTION_DAYS", "30"},
      {"JOBQ_PARAM_MAX_2", " a=b\n"}};
  EXPECT_EQ(seen(), expected);
}

TEST_F(command_environment_test, what_is_not_set_is_absent) {
  std::set<std::string> names;
  for (const auto& [name, value] : seen())
    names.insert(name);
  EXPECT_EQ(names, (std::set<std::string>{"PATH", "HOME", "JOBQ_RUN_ID",
                                          "JOBQ_JOB", "JOBQ_ATTEMPT",
                                          "JOBQ_ENFORCE", "JOBQ_CONTROL_FD"}));
}

TEST_F(command_environment_test, a_run_that_enforces_nothing_is_told) {
  context_.enforced = false;
  EXPECT_EQ(seen().at("JOBQ_ENFORCE"), "false");
}

TEST_F(command_environment_test, the_jobs_own_win_over_inherited_ones) {
  what_.env = {{"HOME", "/elsewhere"}, {"PATH", "/opt/bin"}};
  auto found = made();
  EXPECT_EQ(found.at("HOME"), "/elsewhere");
  EXPECT_EQ(found.at("PATH"), "/opt/bin");
}

TEST_F(command_environment_test, jobqs_own_win_over_the_jobs) {
  context_.given = {{"x", "parameter"}};
  what_.env = {{"JOBQ_RUN_ID", "1"},
               {"JOBQ_NOMINAL_TIME", "1"},
               {"JOBQ_DEADLINE", "1"},
               {"JOBQ_PARAM_X", "1"},
               {"JOBQ_DATA", "/var/x"}};
  auto found = made();
  EXPECT_EQ(found.at("JOBQ_RUN_ID"), context_.run.to_string());
  EXPECT_FALSE(found.contains("JOBQ_NOMINAL_TIME"));
  EXPECT_FALSE(found.contains("JOBQ_DEADLINE"));
  EXPECT_EQ(found.at("JOBQ_PARAM_X"), "parameter");
  EXPECT_EQ(found.at("JOBQ_DATA"), "/var/x");
}

TEST_F(command_environment_test, two_parameters_of_one_variable_are_an_error) {
  context_.given = {{"max-age", "1"}, {"max.age", "2"}};
  EXPECT_EQ(fault(), "parameters \"max-age\" and \"max.age\" would both be "
                     "JOBQ_PARAM_MAX_AGE: rename one");
  auto done = run({"true"});
  EXPECT_EQ(done.kind, outcome_kind::failed);
  EXPECT_FALSE(done.retryable);
}

TEST_F(command_environment_test, case_does_not_tell_parameters_apart) {
  context_.given = {{"AGE", "1"}, {"age", "2"}};
  EXPECT_NE(fault().find("\"AGE\" and \"age\""), std::string::npos);
}

TEST_F(command_environment_test, names_that_can_not_be_are_errors) {
  what_.env = {{"", "x"}};
  EXPECT_EQ(fault(), "env: a variable's name is empty");
  what_.env = {{"A=B", "x"}};
  EXPECT_EQ(fault(), "env: the name \"A=B\" has a \"=\"");
  what_.env = {{"A\0B"s, "x"}};
  EXPECT_EQ(fault(), "env: A has a NUL byte");
}

TEST_F(command_environment_test, nul_bytes_are_errors) {
  what_.env = {{"A", "x\0y"s}};
  EXPECT_EQ(fault(), "env: A has a NUL byte");
  what_.env.clear();
  context_.given = {{"p", "x\0y"s}};
  EXPECT_EQ(fault(), "parameter \"p\" has a NUL byte");
}

} // namespace jobq
