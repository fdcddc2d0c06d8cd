#include "jobs/names.hpp"

#include <gtest/gtest.h>

namespace jobq {

TEST(job_name, has_up_to_64_plain_characters) {
  for (const auto* name : {"a", "nightly-report", "a_b.c-9", "0"})
    EXPECT_TRUE(is_job_name(name)) << name;
  EXPECT_TRUE(is_job_name(std::string(64, 'a')));
  for (const auto* name : {"", "A", "a b", "a/b", "\xc3\xa9", "a\n"})
    EXPECT_FALSE(is_job_name(name)) << name;
  EXPECT_FALSE(is_job_name(std::string(65, 'a')));
}

TEST(closest, counts_swapped_neighbours_as_one_edit) {
  EXPECT_EQ(closest("tiem", {"time", "tame"}), "time");
  EXPECT_EQ(closest("ab", {"ba"}), "ba");
}

TEST(closest, finds_only_what_is_close) {
  const std::vector<std::string> words{"timeout", "timezone", "queue"};
  EXPECT_EQ(closest("timeot", words), "timeout");
  EXPECT_EQ(closest("time_zone", words), "timezone");
  EXPECT_EQ(closest("queues", words), "queue");
  EXPECT_EQ(closest("quue", words), "queue");
  EXPECT_EQ(closest("priority", words), "");
  EXPECT_EQ(closest("", words), "");
  EXPECT_EQ(closest("abc", {"xyc"}), "");
  EXPECT_EQ(closest(std::string(1 << 20, 'a'), words), "");
}

TEST(closest, prefers_the_nearest_and_then_the_first) {
  EXPECT_EQ(closest("abcdef", {"abcdxx", "abcdex", "abcdey"}), "abcdex");
  EXPECT_EQ(closest("same", {"sane", "same"}), "same");
}

TEST(did_you_mean, is_a_question_or_nothing) {
  EXPECT_EQ(did_you_mean("timeot", {"timeout"}), ", did you mean \"timeout\"?");
  EXPECT_EQ(did_you_mean("x", {"timeout"}), "");
}

} // namespace jobq
