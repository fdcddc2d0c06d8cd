#include "tools/cli/arguments.hpp"

#include <gtest/gtest.h>

#include "tools/cli/help.hpp"
#include "tools/cli/values.hpp"

namespace jobq {
namespace {

using words = std::vector<std::string>;

arguments parsed(const words& line) {
  auto found = parse_arguments(line);
  EXPECT_TRUE(found) << (found ? "" : found.error().message);
  return found.value_or(arguments{});
}

std::string wrong(const words& line) {
  const auto found = parse_arguments(line);
  EXPECT_FALSE(found);
  if (found)
    return "";
  EXPECT_EQ(found.error().code, errc::invalid_argument);
  return found.error().message;
}

TEST(arguments, take_global_options_before_and_after_the_command) {
  const auto line
      = parsed({"jobq", "--data", "/d", "--json", "list", "--tz=Europe/Paris"});
  EXPECT_EQ(line.command->name, "list");
  EXPECT_EQ(line.value("data"), "/d");
  EXPECT_EQ(line.value("tz"), "Europe/Paris");
  EXPECT_TRUE(line.has("json"));
  EXPECT_TRUE(line.positionals.empty());
}

TEST(arguments, keep_repeated_parameters_whole_and_in_order) {
  const auto line = parsed(
      {"jobq", "run", "a", "-p", "x=1,2", "b", "--parameter", "y=a=b"});
  EXPECT_EQ(line.positionals, (words{"a", "b"}));
  EXPECT_EQ(line.values("parameter"), (words{"x=1,2", "y=a=b"}));
}

TEST(arguments, understand_the_seeds_spelling) {
  const auto line
      = parsed({"/usr/bin/systemprompt", "infra", "jobs", "run", "x"});
  EXPECT_EQ(line.command->name, "run");
  EXPECT_EQ(line.positionals, words{"x"});
}

TEST(arguments, ask_for_the_words_infra_jobs_under_the_seeds_name) {
  EXPECT_NE(
      wrong({"systemprompt", "list"}).find("systemprompt infra jobs list"),
      std::string::npos);
  EXPECT_NE(wrong({"systemprompt", "infra", "list"}).find("infra jobs list"),
            std::string::npos);
  EXPECT_NE(wrong({"systemprompt"}).find("systemprompt infra jobs"),
            std::string::npos);
  EXPECT_NE(wrong({"jobq", "infra", "jobs", "list"}).find("directly"),
            std::string::npos);
}

TEST(arguments, suggest_the_command_and_option_that_was_meant) {
  EXPECT_NE(wrong({"jobq", "lst"}).find("did you mean \"list\""),
            std::string::npos);
  EXPECT_NE(wrong({"jobq", "history", "--jub", "x"}).find("mean --job?"),
            std::string::npos);
  EXPECT_NE(wrong({"jobq", "list", "-z"}).find("-z"), std::string::npos);
  EXPECT_NE(wrong({"jobq", "--count", "3", "next", "@daily"})
                .find("after the command"),
            std::string::npos);
}

TEST(arguments, say_which_value_or_argument_is_missing) {
  EXPECT_NE(wrong({"jobq", "history", "--job"}).find("--job NAME"),
            std::string::npos);
  EXPECT_NE(wrong({"jobq", "history", "--job", "--json"}).find("--job NAME"),
            std::string::npos);
  EXPECT_NE(wrong({"jobq", "show"}).find("jobq show NAME"), std::string::npos);
}

TEST(arguments, refuse_what_is_left_over) {
  EXPECT_NE(wrong({"jobq", "list", "x"}).find("takes no arguments"),
            std::string::npos);
  EXPECT_NE(wrong({"jobq", "show", "a", "b"}).find("\"b\" is left over"),
            std::string::npos);
  EXPECT_NE(wrong({"jobq", "next", "0", "0", "*", "*", "*", "*"}).find("quote"),
            std::string::npos);
  EXPECT_NE(wrong({"jobq", "next", "--count", "1", "--count", "2", "@daily"})
                .find("give it once"),
            std::string::npos);
}

TEST(arguments, let_help_stand_in_for_missing_arguments) {
  EXPECT_TRUE(parsed({"jobq", "show", "--help"}).has("help"));
  EXPECT_TRUE(parsed({"jobq", "-h"}).has("help"));
  EXPECT_EQ(parsed({"jobq", "help", "run"}).command->name, "run");
  EXPECT_TRUE(parsed({"systemprompt", "--help"}).has("help"));
}

TEST(arguments, bound_numbers_and_name_the_range) {
  const auto negative = parsed({"jobq", "cleanup-sessions", "--hours", "-1"});
  const auto number = whole_number(negative, "hours", 1, 0, INT64_MAX);
  ASSERT_FALSE(number);
  EXPECT_NE(number.error().message.find("must be 0 or more"),
            std::string::npos);
  const auto word = parsed({"jobq", "log-cleanup", "--days", "abc"});
  EXPECT_FALSE(whole_number(word, "days", 1, 0, INT64_MAX));
  const auto huge
      = parsed({"jobq", "next", "@daily", "-n", "99999999999999999999"});
  const auto count = whole_number(huge, "count", 5, 1, 1000);
  ASSERT_FALSE(count);
  EXPECT_NE(count.error().message.find("1 to 1000"), std::string::npos);
}

TEST(arguments, read_since_as_an_instant_or_a_duration_ago) {
  const auto now = *parse_rfc3339("2027-01-01T12:00:00Z");
  EXPECT_EQ(
      **since_of(parsed({"jobq", "history", "--since", "2h"}), "since", now),
      *parse_rfc3339("2027-01-01T10:00:00Z"));
  EXPECT_EQ(**since_of(parsed({"jobq", "history", "--since",
                               "2026-12-31T00:00:00+01:00"}),
                       "since", now),
            *parse_rfc3339("2026-12-30T23:00:00Z"));
  EXPECT_FALSE(
      since_of(parsed({"jobq", "history", "--since", "noon"}), "since", now));
}

TEST(arguments, translate_the_states_of_other_queues) {
  EXPECT_EQ(*state_of(parsed({"jobq", "runs", "--state", "dead"})),
            "discarded");
  EXPECT_EQ(*state_of(parsed({"jobq", "runs", "--state", "executing"})),
            "running");
  const auto wrong_state
      = state_of(parsed({"jobq", "runs", "--state", "runing"}));
  ASSERT_FALSE(wrong_state);
  EXPECT_NE(wrong_state.error().message.find("did you mean \"running\""),
            std::string::npos);
  EXPECT_EQ(*status_of(parsed({"jobq", "history", "--status", "failed"})),
            (status_filter{"discarded", "failed"}));
}

TEST(help, names_every_command_and_shows_an_example_of_each) {
  const auto overview = overview_help();
  for (const auto& command : commands()) {
    EXPECT_NE(overview.find("  " + command.name + " "), std::string::npos);
    const auto text = command_help(command);
    EXPECT_NE(text.find("Example"), std::string::npos) << command.name;
    for (const auto& option : command.options)
      EXPECT_NE(text.find("--" + option.name), std::string::npos);
    for (const auto& example : command.examples)
      EXPECT_EQ(example.rfind(command.name, 0), 0U) << example;
  }
}

} // namespace
} // namespace jobq
