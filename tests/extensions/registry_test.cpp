#include "extensions/registry.hpp"

#include <gtest/gtest.h>

namespace jobq {

namespace {

function_entry entry(const char* extension, const char* name) {
  function_entry made;
  made.extension = extension;
  made.name = name;
  made.parameters
      = {{"days", parameter_spec::type::integer, "30", "", 0, 100},
         {"ratio", parameter_spec::type::number, "1", "", {}, {}},
         {"dry", parameter_spec::type::boolean, "false", "", {}, {}},
         {"source", parameter_spec::type::text, "all", "", {}, {}}};
  return made;
}

job_definition job(const char* extension, const char* function) {
  job_definition made;
  made.extension = extension;
  made.function = function;
  return made;
}

TEST(registry, isolation_must_suit_the_function) {
  registry functions;
  function_entry entry;
  entry.extension = "test";
  entry.name = "elsewhere";
  ASSERT_TRUE(functions.add(entry));
  entry.name = "blocking";
  entry.call = [](job_context&) { return job_result::succeeded(); };
  ASSERT_TRUE(functions.add(entry));
  entry.name = "quick";
  entry.blocks = false;
  ASSERT_TRUE(functions.add(entry));
  const auto why = [&](const std::string& name, isolation where) {
    job_definition job;
    job.extension = "test";
    job.function = name;
    job.isolation = where;
    return functions.why_not_runnable(job);
  };
  EXPECT_EQ(why("elsewhere", isolation::process), "");
  EXPECT_EQ(why("elsewhere", isolation::thread),
            "isolation: test.elsewhere runs in job hosts alone: leave "
            "isolation out");
  EXPECT_EQ(why("blocking", isolation::thread), "");
  EXPECT_EQ(why("blocking", isolation::in_line),
            "isolation: test.blocking blocks, and can't run inline: write "
            "thread or process");
  EXPECT_EQ(why("quick", isolation::in_line), "");
}

} // namespace

TEST(registry, a_function_is_added_once_and_found) {
  registry all;
  EXPECT_TRUE(all.add(entry("core", "clean")));
  EXPECT_TRUE(all.add(entry("blog", "clean")));
  auto again = all.add(entry("core", "clean"));
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, errc::already_exists);
  EXPECT_NE(all.find("blog", "clean"), nullptr);
  EXPECT_EQ(all.find("blog", "other"), nullptr);
  EXPECT_TRUE(all.has_extension("core"));
  EXPECT_FALSE(all.has_extension("cor"));
  EXPECT_EQ(all.names().at("core"), std::vector<std::string>{"clean"});
}

TEST(registry, it_says_why_a_job_cannot_run) {
  registry all;
  ASSERT_TRUE(all.add(entry("core", "clean")));
  EXPECT_EQ(all.why_not_runnable(job("core", "clean")), "");
  EXPECT_EQ(all.why_not_runnable(job("croe", "clean")),
            "extension \"croe\" is not loaded, did you mean \"core\"?");
  EXPECT_EQ(all.why_not_runnable(job("core", "cleen")),
            "extension \"core\" has no function \"cleen\", did you mean "
            "\"clean\"?");
  auto wrong = job("core", "clean");
  wrong.parameters = {{"days", "x"}};
  EXPECT_EQ(all.why_not_runnable(wrong),
            "parameter \"days\" must be a whole number, not \"x\"");
}

TEST(check_parameters, every_fault_is_named_in_one_message) {
  auto function = entry("core", "clean");
  EXPECT_EQ(check_parameters(function, {}), "");
  EXPECT_EQ(
      check_parameters(
          function,
          {{"days", "0"}, {"ratio", "-1.5e3"}, {"dry", "yes"}, {"source", ""}}),
      "");
  EXPECT_EQ(
      check_parameters(
          function,
          {{"dasy", "1"}, {"days", "-1"}, {"dry", "maybe"}, {"ratio", "inf"}}),
      "unknown parameter \"dasy\", did you mean \"days\"?; "
      "parameter \"days\" must be at least 0, not \"-1\"; "
      "parameter \"dry\" must be true or false, not \"maybe\"; "
      "parameter \"ratio\" must be a number, not \"inf\"");
  for (const char* text :
       {"", " 1", "1 ", "+1", "1.0", "0x1", "101", "99999999999999999999"})
    EXPECT_NE(check_parameters(function, {{"days", text}}), "") << text;
}

TEST(check_parameters, a_function_may_take_any_and_check_those_it_lists) {
  parameter_spec days;
  days.name = "days";
  days.kind = parameter_spec::type::integer;
  function_entry function;
  function.parameters = {days};
  function.any_parameters = true;
  EXPECT_EQ(check_parameters(function, {{"dasy", "x"}, {"days", "1"}}), "");
  EXPECT_EQ(check_parameters(function, {{"dasy", "x"}, {"days", "y"}}),
            "parameter \"days\" must be a whole number, not \"y\"");
}

TEST(job_result, factories_make_what_they_say) {
  EXPECT_EQ(job_result::succeeded("m").message, "m");
  EXPECT_EQ(job_result::failed("e", false).error, "e");
  EXPECT_FALSE(job_result::failed("e", false).retryable);
  EXPECT_EQ(job_result::snoozed(seconds{3}).snooze, seconds{3});
  EXPECT_EQ(job_result::snoozed(seconds{3}).kind, outcome_kind::snoozed);
}

} // namespace jobq
