#include "extensions/command/control_lines.hpp"

#include <gtest/gtest.h>

#include "tests/extensions/command_fixture.hpp"

namespace jobq {

namespace {

class control_lines_test : public testing::Test {
protected:
  /// What the lines make of a success.
  outcome result() {
    lines_.finish();
    lines_.report();
    outcome made;
    lines_.add_to(made);
    return made;
  }

  std::string warning() const {
    EXPECT_EQ(context_.warnings.size(), 1u);
    return context_.warnings.empty() ? "" : context_.warnings.front();
  }

  bool warns_of(const std::string& text) const {
    return warning().find(text) != std::string::npos;
  }

  test::command_context context_;
  control_lines lines_{context_};
};

using reports = std::vector<std::pair<double, std::string>>;
using counters = std::map<std::string, std::int64_t>;

} // namespace

TEST_F(control_lines_test, progress_is_reported_with_its_message) {
  lines_.feed("{\"progress\": 0.4, \"message\": \"half of it\"}\n");
  lines_.report();
  lines_.feed("{\"progress\": 1}\n");
  EXPECT_EQ(result().message, "");
  EXPECT_EQ(context_.reports, (reports{{0.4, "half of it"}, {1.0, ""}}));
}

TEST_F(control_lines_test, the_newest_progress_is_reported_once) {
  lines_.feed("{\"progress\":0}\n{\"progress\":0.1}\n{\"progress\":0.2}\n");
  lines_.report();
  lines_.report();
  EXPECT_EQ(context_.reports, (reports{{0.2, ""}}));
}

TEST_F(control_lines_test, lines_may_come_in_any_pieces) {
  const std::string text = "{\"progress\":0.5}\r\n\n  \n{\"result\":\"ok\"}\n";
  for (char each : text)
    lines_.feed({&each, 1});
  EXPECT_EQ(result().message, "ok");
  EXPECT_EQ(context_.reports, (reports{{0.5, ""}}));
  EXPECT_TRUE(context_.warnings.empty());
}

TEST_F(control_lines_test, a_message_alone_is_the_outcomes) {
  lines_.feed("{\"message\":\"sent 3 letters\"}\n");
  EXPECT_EQ(result().message, "sent 3 letters");
  EXPECT_TRUE(context_.reports.empty());
}

TEST_F(control_lines_test, a_result_is_the_outcomes_message) {
  lines_.feed("{\"message\":\"first\"}\n"
              "{\"message\":\"going\",\"progress\":0.9,\"result\":\"last\"}\n");
  EXPECT_EQ(result().message, "last");
  EXPECT_EQ(context_.reports, (reports{{0.9, "going"}}));
}

TEST_F(control_lines_test, a_message_that_the_outcome_has_stays) {
  lines_.feed("{\"result\":\"done\"}\n");
  auto made = job_result::stopped("asked to stop");
  lines_.add_to(made);
  EXPECT_EQ(made.message, "asked to stop");
}

TEST_F(control_lines_test, counters_are_merged_and_later_values_stay) {
  lines_.feed("{\"counters\":{\"a\":1,\"b\":-2}}\n"
              "{\"counters\":{\"a\":9223372036854775807}}\n"
              "{\"items_processed\":12,\"items_failed\":3}\n"
              "{\"items_processed\":13}\n");
  auto made = result();
  EXPECT_EQ(made.counters, (counters{{"a", 9223372036854775807}, {"b", -2}}));
  EXPECT_EQ(made.items_processed, 13u);
  EXPECT_EQ(made.items_failed, 3u);
}

TEST_F(control_lines_test, a_last_line_needs_no_end) {
  lines_.feed("{\"items_processed\":7}");
  EXPECT_EQ(result().items_processed, 7u);
}

TEST_F(control_lines_test, half_a_last_line_is_nothing) {
  lines_.feed("{\"items_processed\":7");
  EXPECT_EQ(result().items_processed, 0u);
  EXPECT_TRUE(context_.warnings.empty());
}

TEST_F(control_lines_test, what_is_no_object_is_warned_of_once) {
  lines_.feed("hello \x01\xff world\n[1]\n5\n{\"progress\":\n\xff\n{}}\n");
  lines_.feed("{\"progress\":0.5,\"message\":\"\xc3\x28\"}\n");
  EXPECT_EQ(result(), outcome{});
  EXPECT_EQ(warning(), "control line ignored (said once): not a JSON object: "
                       "\"hello ?? world\"");
}

TEST_F(control_lines_test, an_unknown_key_is_warned_of_and_the_rest_counts) {
  lines_.feed("{\"progres\":1,\"items_failed\":2}\n{\"other\":1}\n");
  EXPECT_EQ(result().items_failed, 2u);
  EXPECT_TRUE(warns_of("unknown key \"progres\""));
}

TEST_F(control_lines_test, progress_is_a_number_from_0_to_1) {
  for (const char* wrong : {"-0.1", "1.1", "\"0.5\"", "null", "true", "[0]"})
    lines_.feed(std::string{"{\"message\":\"m\",\"progress\":"} + wrong
                + "}\n");
  EXPECT_EQ(result().message, "");
  EXPECT_TRUE(context_.reports.empty());
  EXPECT_TRUE(warns_of("progress is not a number from 0 to 1"));
}

TEST_F(control_lines_test, numbers_out_of_all_bounds_are_no_numbers) {
  lines_.feed("{\"progress\":1e999}\n");
  EXPECT_TRUE(warns_of("not a JSON object"));
  EXPECT_EQ(result(), outcome{});
}

TEST_F(control_lines_test, counters_are_whole_numbers_with_short_names) {
  lines_.feed("{\"counters\":{\"ok\":1,\"half\":0.5,\"text\":\"1\",\"\":1,"
              "\"big\":9223372036854775808,\""
              + std::string(101, 'x') + "\":1}}\n{\"counters\":[1]}\n");
  EXPECT_EQ(result().counters, (counters{{"ok", 1}}));
  EXPECT_EQ(context_.warnings.size(), 1u);
}

TEST_F(control_lines_test, counts_are_whole_numbers_from_0) {
  for (const char* wrong : {"-1", "0.5", "\"1\"", "null"})
    lines_.feed(std::string{"{\"items_processed\":"} + wrong + "}\n");
  EXPECT_EQ(result().items_processed, 0u);
  EXPECT_TRUE(warns_of("items_processed is not a whole number from 0"));
}

TEST_F(control_lines_test, texts_are_texts) {
  lines_.feed("{\"message\":5}\n{\"result\":{}}\n");
  EXPECT_EQ(result().message, "");
  EXPECT_TRUE(warns_of("message is not a text"));
}

TEST_F(control_lines_test, each_kind_of_fault_has_its_warning) {
  lines_.feed("x\n{\"a\":1}\n{\"progress\":2}\n{\"message\":2}\n"
              "{\"counters\":2}\n{\"items_failed\":-2}\n");
  EXPECT_EQ(context_.warnings.size(), 6u);
}

TEST_F(control_lines_test, there_are_100_counters) {
  for (int i = 0; i < 1000; ++i)
    lines_.feed("{\"counters\":{\"c" + std::to_string(i) + "\":1}}\n");
  lines_.feed("{\"counters\":{\"c99\":2}}\n");
  auto made = result();
  EXPECT_EQ(made.counters.size(), control_lines::most_counters);
  EXPECT_EQ(made.counters.at("c99"), 2);
  EXPECT_TRUE(warns_of("\"c100\" is one too many"));
}

TEST_F(control_lines_test, a_line_has_64_kib) {
  auto line_of = [](std::size_t size) {
    const std::string frame = "{\"result\":\"\"}";
    return "{\"result\":\"" + std::string(size - frame.size(), 'x') + "\"}\n";
  };
  lines_.feed(line_of(control_lines::longest_line));
  EXPECT_TRUE(context_.warnings.empty());
  lines_.feed("{\"result\":\"kept\"}\n");
  lines_.feed(line_of(control_lines::longest_line + 1));
  lines_.feed(line_of(3 * control_lines::longest_line));
  EXPECT_TRUE(warns_of("longer than 65536 bytes"));
  lines_.feed("{\"items_failed\":1}\n");
  auto made = result();
  EXPECT_EQ(made.message, "kept");
  EXPECT_EQ(made.items_failed, 1u);
}

TEST_F(control_lines_test, an_endless_line_in_pieces_is_dropped) {
  for (int i = 0; i < 1000; ++i)
    lines_.feed(std::string(1000, 'x'));
  lines_.feed("\n{\"items_failed\":1}\n");
  EXPECT_EQ(result().items_failed, 1u);
  EXPECT_TRUE(warns_of("longer than 65536 bytes"));
}

TEST_F(control_lines_test, long_texts_are_cut_between_characters) {
  std::string text(control_lines::longest_text - 1, 'x');
  lines_.feed("{\"result\":\"" + text + "\u20ac\"}\n");
  EXPECT_EQ(result().message, text);
}

TEST_F(control_lines_test, deep_nesting_does_no_harm) {
  lines_.feed(std::string(60000, '[') + "\n");
  lines_.feed("{\"a\":" + std::string(30000, '[') + std::string(30000, ']')
              + "}\n");
  EXPECT_EQ(result(), outcome{});
  EXPECT_EQ(context_.warnings.size(), 2u);
}

} // namespace jobq
