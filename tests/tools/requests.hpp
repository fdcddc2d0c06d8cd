#pragma once

#include <string>
#include <utility>

#include "tools/api/api.hpp"

namespace jobq::test {

inline api_request get(std::string path) {
  api_request made;
  made.path = std::move(path);
  return made;
}

inline api_request post(std::string path, std::string body = {}) {
  auto made = get(std::move(path));
  made.method = "POST";
  made.body = std::move(body);
  return made;
}

} // namespace jobq::test
