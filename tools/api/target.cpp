#include <optional>

#include "tools/api/api.hpp"

namespace jobq {

namespace {

int value_of_hex(char c) {
  if (c >= '0' && c <= '9')
    return c - '0';
  if (c >= 'a' && c <= 'f')
    return c - 'a' + 10;
  if (c >= 'A' && c <= 'F')
    return c - 'A' + 10;
  return -1;
}

std::optional<std::string> unescape(std::string_view text, bool is_query) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && is_query) {
      plain += ' ';
    } else if (text[i] != '%') {
      plain += text[i];
    } else {
      const int high = i + 2 < text.size() ? value_of_hex(text[i + 1]) : -1;
      const int low = i + 2 < text.size() ? value_of_hex(text[i + 2]) : -1;
      if (high < 0 || low < 0)
        return std::nullopt;
      plain += static_cast<char>(high * 16 + low);
      i += 2;
    }
  }
  return plain;
}

std::string escape(std::string_view text, std::string_view also) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string made;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
                       || (c >= '0' && c <= '9') || c == '-' || c == '_'
                       || c == '.' || c == '~'
                       || also.find(c) != std::string_view::npos;
    if (plain) {
      made += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    made += '%';
    made += digits[byte >> 4U];
    made += digits[byte & 15U];
  }
  return made;
}

} // namespace

result<void> read_target(std::string_view target, api_request& into) {
  const auto malformed = [&] {
    return fail(errc::invalid_argument, "malformed request target");
  };
  if (target.empty() || target.front() != '/')
    return malformed();
  target = target.substr(0, target.find('#'));
  const auto mark = target.find('?');
  auto path = unescape(target.substr(0, mark), false);
  if (!path)
    return malformed();
  into.path = std::move(*path);
  into.query.clear();
  auto rest = mark == std::string_view::npos ? std::string_view{}
                                             : target.substr(mark + 1);
  while (!rest.empty()) {
    const auto pair = rest.substr(0, rest.find('&'));
    rest = pair.size() == rest.size() ? std::string_view{}
                                      : rest.substr(pair.size() + 1);
    if (pair.empty())
      continue;
    const auto equals = pair.find('=');
    auto name = unescape(pair.substr(0, equals), true);
    auto value
        = unescape(equals == std::string_view::npos ? std::string_view{}
                                                    : pair.substr(equals + 1),
                   true);
    if (!name || !value)
      return malformed();
    into.query[std::move(*name)] = std::move(*value);
  }
  return {};
}

std::string to_target(const api_request& request) {
  auto target = escape(request.path, "/");
  char mark = '?';
  for (const auto& [name, value] : request.query) {
    target += mark + escape(name, {}) + "=" + escape(value, {});
    mark = '&';
  }
  return target;
}

} // namespace jobq
