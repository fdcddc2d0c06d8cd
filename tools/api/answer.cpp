#include "tools/api/answer.hpp"

#include <array>
#include <utility>

#include "tools/api/http_status.hpp"
#include "tools/api/json.hpp"

namespace jobq {

namespace {

constexpr std::array all_codes{errc::invalid_argument,
                               errc::not_found,
                               errc::already_exists,
                               errc::invalid_state,
                               errc::busy,
                               errc::unavailable,
                               errc::store_failed,
                               errc::store_corrupt,
                               errc::format_too_new,
                               errc::unsupported,
                               errc::io,
                               errc::internal};

errc code_of(std::string_view word) {
  for (const auto code : all_codes)
    if (to_string(code) == word)
      return code;
  return errc::internal;
}

std::string text_at(const json& object, const char* name) {
  const auto at = object.find(name);
  return at != object.end() && at->is_string() ? at->get<std::string>()
                                               : std::string{};
}

} // namespace

api_response to_response(const error& failed) {
  json body;
  body["error"]
      = {{"code", to_string(failed.code)}, {"message", failed.message}};
  return {http_status_of(failed.code), to_text(body)};
}

result<std::string> read_answer(api_response answer) {
  if (answer.status >= 200 && answer.status < 300)
    return std::move(answer.body);
  const auto body = json::parse(answer.body, nullptr, false);
  if (body.is_object())
    if (const auto at = body.find("error"); at != body.end() && at->is_object())
      return fail(code_of(text_at(*at, "code")), text_at(*at, "message"));
  return fail(errc::internal, "the server answered with status "
                                  + std::to_string(answer.status));
}

} // namespace jobq
