#pragma once

#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "tools/api/api.hpp"

namespace jobq::test {

/// @param target a path and its query, as a URL has them
inline api_request get(const std::string& target) {
  api_request made;
  EXPECT_TRUE(read_target(target, made)) << target;
  return made;
}

inline api_request post(const std::string& target, std::string body = {}) {
  auto made = get(target);
  made.method = "POST";
  made.body = std::move(body);
  return made;
}

} // namespace jobq::test
