#include "tools/api/input.hpp"

#include <gtest/gtest.h>

#include "tests/tools/requests.hpp"
#include "tools/api/answer.hpp"
#include "tools/api/api.hpp"

namespace jobq {
namespace {

TEST(api_target, is_written_and_read_back) {
  auto request = test::get("/v1/jobs/a b/run");
  request.query = {{"since", "2027-03-28T03:00:00+02:00"}, {"q", "&=%?#/ä"}};
  api_request read;
  ASSERT_TRUE(read_target(to_target(request), read));
  EXPECT_EQ(read.path, request.path);
  EXPECT_EQ(read.query, request.query);
}

TEST(api_target, malformed_escapes_are_refused) {
  api_request read;
  for (const auto* target : {"", "v1", "/%", "/%4", "/%zz", "/a?b=%4"})
    EXPECT_FALSE(read_target(target, read)) << target;
}

TEST(api_body, malformed_json_is_named_by_its_place) {
  const auto read = read_body("{\"reason\": \n nope}", {"reason"});
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, errc::invalid_argument);
  EXPECT_NE(read.error().message.find("line 2"), std::string::npos)
      << read.error().message;
}

TEST(api_body, an_unknown_field_is_refused_with_the_closest_one) {
  const auto read = read_body(R"({"reson": "x"})", {"reason"});
  ASSERT_FALSE(read);
  EXPECT_NE(read.error().message.find("did you mean \"reason\"?"),
            std::string::npos)
      << read.error().message;
}

TEST(api_body, must_be_an_object) {
  EXPECT_FALSE(read_body("[]", {}));
  EXPECT_FALSE(read_body("1", {}));
  EXPECT_FALSE(read_body(std::string(1 << 20, '['), {}));
  EXPECT_TRUE(read_body(" \n", {}));
}

TEST(api_body, parameters_are_scalars) {
  const auto read = parameters_field(json::parse(
      R"({"parameters": {"a": "x", "b": 1, "c": true, "d": 1.5}})"));
  ASSERT_TRUE(read);
  EXPECT_EQ(*read, (parameter_map{
                       {"a", "x"}, {"b", "1"}, {"c", "true"}, {"d", "1.5"}}));
  for (const auto* wrong :
       {R"({"parameters": []})", R"({"parameters": {"a": null}})",
        R"({"parameters": {"a": []}})"})
    EXPECT_FALSE(parameters_field(json::parse(wrong))) << wrong;
}

TEST(api_query, a_state_has_several_words) {
  EXPECT_EQ(state_query({{"state", "dead"}}, "state"), run_state::discarded);
  EXPECT_EQ(state_query({{"state", "failed"}}, "state"), run_state::discarded);
  EXPECT_EQ(state_query({{"state", "queued"}}, "state"), run_state::available);
  EXPECT_EQ(state_query({}, "state"), std::nullopt);
  const auto wrong = state_query({{"state", "asleep"}}, "state");
  ASSERT_FALSE(wrong);
  EXPECT_NE(wrong.error().message.find("completed"), std::string::npos);
}

TEST(api_query, a_time_is_an_instant_or_a_duration_back) {
  const auto now = *parse_rfc3339("2027-03-28T03:00:00Z");
  EXPECT_EQ(time_query({{"since", "2h"}}, "since", now),
            now - std::chrono::hours{2});
  EXPECT_EQ(time_query({{"since", "2027-03-28T03:00:00Z"}}, "since", now), now);
  EXPECT_FALSE(time_query({{"since", "yesterday"}}, "since", now));
}

TEST(api_query, a_number_stays_in_its_range) {
  EXPECT_EQ(number_query({{"n", "10"}}, "n", 1, 10), 10U);
  for (const auto* wrong :
       {"0", "11", "-1", "1x", "1.5", "99999999999999999999"})
    EXPECT_FALSE(number_query({{"n", wrong}}, "n", 1, 10)) << wrong;
}

TEST(api_answer, an_error_survives_the_way_over_http) {
  for (const auto code :
       {errc::invalid_argument, errc::not_found, errc::busy, errc::io})
    EXPECT_EQ(read_answer(to_response({code, "why"})).error(),
              (error{code, "why"}));
  EXPECT_EQ(read_answer({502, "<html>"}).error().code, errc::internal);
}

TEST(api_json, text_that_is_not_utf8_is_made_so) {
  EXPECT_EQ(to_text(json("a\xff")), "\"a\xef\xbf\xbd\"");
}

} // namespace
} // namespace jobq
