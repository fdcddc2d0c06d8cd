#include "extensions/database/database_url.hpp"

#include <algorithm>
#include <charconv>

namespace jobq {

namespace {

constexpr std::string_view sqlite_prefix = "sqlite:///";
constexpr std::string_view default_timeout = "connect_timeout=10";

std::string percent_decode(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned value = 0;
    if (text[i] == '%' && i + 2 < text.size()) {
      auto digits = text.substr(i + 1, 2);
      auto [end, code]
          = std::from_chars(digits.data(), digits.data() + 2, value, 16);
      if (code == std::errc{} && end == digits.data() + 2) {
        decoded += static_cast<char>(value);
        i += 2;
        continue;
      }
    }
    decoded += text[i];
  }
  return decoded;
}

/// A password and what a parser may cut out of a badly quoted one.
void add_secret(std::vector<std::string>& secrets, std::string_view password) {
  if (password.empty())
    return;
  secrets.emplace_back(password);
  secrets.push_back(percent_decode(password));
  std::size_t begin = 0;
  while (begin < password.size()) {
    auto end
        = std::min(password.find_first_of("@/?#:&", begin), password.size());
    if (end - begin >= 3)
      secrets.emplace_back(password.substr(begin, end - begin));
    begin = end + 1;
  }
}

std::vector<std::string> secrets_of(std::string_view after_scheme) {
  std::vector<std::string> secrets;
  // The last @, since a password may hold one that was not escaped.
  auto at = after_scheme.rfind('@');
  auto colon = after_scheme.find(':');
  if (at != std::string_view::npos && colon < at)
    add_secret(secrets, after_scheme.substr(colon + 1, at - colon - 1));
  for (std::string_view key : {"password=", "sslpassword="}) {
    auto begin = after_scheme.find(key);
    if (begin == std::string_view::npos)
      continue;
    begin += key.size();
    auto end = std::min(after_scheme.find('&', begin), after_scheme.size());
    add_secret(secrets, after_scheme.substr(begin, end - begin));
  }
  // Longest first, so that no secret's rest stays when a part is replaced.
  std::sort(secrets.begin(), secrets.end(),
            [](const auto& a, const auto& b) { return a.size() > b.size(); });
  return secrets;
}

database_url sqlite_url(std::string_view path) {
  database_url parsed;
  parsed.path = path;
  return parsed;
}

database_url postgresql_url(std::string_view url, std::string_view rest) {
  database_url parsed;
  parsed.dialect = dialect::postgresql;
  parsed.connection = url;
  parsed.secrets = secrets_of(rest);
  if (url.find("connect_timeout=") == std::string_view::npos) {
    parsed.connection += url.find('?') == std::string_view::npos ? '?' : '&';
    parsed.connection += default_timeout;
  }
  auto at = rest.rfind('@');
  auto host = at == std::string_view::npos ? rest : rest.substr(at + 1);
  parsed.path = host.substr(0, host.find('?'));
  return parsed;
}

} // namespace

std::string database_url::redact(std::string text) const {
  for (const auto& secret : secrets)
    for (std::size_t at = 0; (at = text.find(secret, at)) != text.npos; at += 3)
      text.replace(at, secret.size(), "***");
  return text;
}

std::string database_url::place() const {
  return dialect == dialect::sqlite ? path : "postgresql://" + redact(path);
}

result<database_url> parse_database_url(std::string_view url,
                                        const std::string& name) {
  if (url.empty())
    return fail(errc::invalid_argument,
                "no database is configured: set " + name);
  for (std::string_view scheme : {"postgresql://", "postgres://"})
    if (url.starts_with(scheme))
      return postgresql_url(url, url.substr(scheme.size()));
  if (url.starts_with(sqlite_prefix)) {
    auto path = url.substr(sqlite_prefix.size());
    if (path.empty() || path == ":memory:")
      return fail(errc::invalid_argument,
                  name + " names no file: sqlite:///path is needed");
    if (path.find('"') != path.npos || path.find('\0') != path.npos)
      return fail(errc::invalid_argument,
                  "a path in " + name + " can't hold a quotation mark");
    return sqlite_url(path);
  }
  auto colon = url.find("://");
  auto scheme
      = colon == url.npos ? std::string_view{"none"} : url.substr(0, colon);
  return fail(errc::invalid_argument,
              name
                  + " must begin with sqlite:/// or postgresql://; its "
                    "scheme is "
                  + std::string{scheme});
}

} // namespace jobq
