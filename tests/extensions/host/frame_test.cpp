#include "extensions/host/frame.hpp"

#include <gtest/gtest.h>

namespace jobq::hosting {

namespace {

using found = frame_splitter::found;

/// A frame, built by hand.
std::string frame(const std::string& payload) {
  std::string made = "jbq1";
  made.push_back(static_cast<char>(payload.size()));
  return made + std::string(3, '\0') + payload;
}

TEST(frame_test, frames_come_out_as_they_went_in) {
  frame_splitter stream;
  stream.add(frame("one") + frame("") + frame("three"));
  std::string_view payload;
  for (const auto* expected : {"one", "", "three"}) {
    ASSERT_EQ(stream.next(payload), found::frame);
    EXPECT_EQ(payload, expected);
  }
  EXPECT_EQ(stream.next(payload), found::nothing_yet);
}

TEST(frame_test, bytes_may_come_one_by_one) {
  frame_splitter stream;
  std::string_view payload;
  const auto bytes = frame("payload");
  for (std::size_t i = 0; i + 1 < bytes.size(); ++i) {
    stream.add(bytes.substr(i, 1));
    ASSERT_EQ(stream.next(payload), found::nothing_yet);
  }
  stream.add(bytes.substr(bytes.size() - 1));
  ASSERT_EQ(stream.next(payload), found::frame);
  EXPECT_EQ(payload, "payload");
}

TEST(frame_test, what_lacks_the_mark_is_garbage_at_once) {
  for (const auto* bytes : {"x", "jbq2", "jX", "GARBAGE"}) {
    frame_splitter stream;
    std::string_view payload;
    stream.add(bytes);
    EXPECT_EQ(stream.next(payload), found::garbage) << bytes;
  }
}

TEST(frame_test, a_length_beyond_the_limit_is_garbage) {
  frame_splitter stream;
  std::string_view payload;
  stream.add("jbq1\xff\xff\xff\xff");
  EXPECT_EQ(stream.next(payload), found::garbage);
}

} // namespace

} // namespace jobq::hosting
