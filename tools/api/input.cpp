#include "tools/api/input.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "jobs/names.hpp"

namespace jobq {

namespace {

constexpr enum_words<run_state, 5> aliases{{{run_state::discarded, "dead"},
                                            {run_state::running, "executing"},
                                            {run_state::available, "queued"},
                                            {run_state::completed, "succeeded"},
                                            {run_state::discarded, "failed"}}};

template <class Words>
void add_words(const Words& words, std::vector<std::string>& to) {
  for (const auto& [value, word] : words)
    to.emplace_back(word);
}

std::string joined(const std::vector<std::string>& words) {
  std::string all;
  for (const auto& word : words)
    all.append(all.empty() ? "" : ", ").append(word);
  return all;
}

std::string unknown(std::string_view what, const std::string& name,
                    const std::vector<std::string>& known) {
  auto message = std::string{what} + " \"" + name + "\" is not known";
  const auto hint = did_you_mean(name, known);
  if (!hint.empty())
    return message + hint;
  return message
         + (known.empty() ? ": there are none here"
                          : " (known: " + joined(known) + ")");
}

/// nlohmann's message without its own prefix:
/// `[json.exception.parse_error.101] parse error at line 1, …`.
std::string reason_of(const json::exception& failed) {
  const std::string text = failed.what();
  const auto at = text.find("] ");
  return at == std::string::npos ? text : text.substr(at + 2);
}

} // namespace

result<json> read_body(std::string_view text,
                       const std::vector<std::string>& fields) {
  if (std::all_of(text.begin(), text.end(), [](char c) {
        return c == ' ' || c == '\n' || c == '\r' || c == '\t';
      }))
    return json::object();
  json body;
  try {
    body = json::parse(text);
  } catch (const json::exception& failed) {
    return fail(errc::invalid_argument, "malformed JSON: " + reason_of(failed));
  }
  if (!body.is_object())
    return fail(errc::invalid_argument, "the body must be a JSON object");
  if (const auto known = check_fields(body, fields); !known)
    return tl::unexpected(known.error());
  return body;
}

result<void> check_fields(const json& object,
                          const std::vector<std::string>& fields) {
  for (const auto& [name, value] : object.items())
    if (std::find(fields.begin(), fields.end(), name) == fields.end())
      return fail(errc::invalid_argument, unknown("field", name, fields));
  return {};
}

result<void> check_query(const query_map& query,
                         const std::vector<std::string>& names) {
  for (const auto& [name, value] : query)
    if (std::find(names.begin(), names.end(), name) == names.end())
      return fail(errc::invalid_argument,
                  unknown("query parameter", name, names));
  return {};
}

result<std::string> text_field(const json& body, const std::string& name) {
  const auto at = body.find(name);
  if (at == body.end() || at->is_null())
    return std::string{};
  if (!at->is_string())
    return fail(errc::invalid_argument,
                "field \"" + name + "\" must be a string");
  return at->get<std::string>();
}

result<std::optional<bool>> flag_field(const json& body,
                                       const std::string& name) {
  const auto at = body.find(name);
  if (at == body.end() || at->is_null())
    return std::nullopt;
  if (!at->is_boolean())
    return fail(errc::invalid_argument,
                "field \"" + name + "\" must be true or false");
  return at->get<bool>();
}

result<parameter_map> parameters_field(const json& body) {
  parameter_map read;
  const auto at = body.find("parameters");
  if (at == body.end() || at->is_null())
    return read;
  if (!at->is_object())
    return fail(errc::invalid_argument,
                "field \"parameters\" must be an object of scalars");
  for (const auto& [name, value] : at->items()) {
    if (value.is_string())
      read[name] = value.get<std::string>();
    else if (value.is_number() || value.is_boolean())
      read[name] = value.dump();
    else
      return fail(errc::invalid_argument,
                  "parameter \"" + name
                      + "\" must be a string, a number, true or false");
  }
  return read;
}

std::string text_query(const query_map& query, const std::string& name) {
  const auto at = query.find(name);
  return at == query.end() ? std::string{} : at->second;
}

result<std::optional<std::uint64_t>> number_query(const query_map& query,
                                                  const std::string& name,
                                                  std::uint64_t min,
                                                  std::uint64_t max) {
  const auto text = text_query(query, name);
  if (text.empty())
    return std::nullopt;
  std::uint64_t value = 0;
  const auto* end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, value);
  if (read.ec != std::errc{} || read.ptr != end || value < min || value > max)
    return fail(errc::invalid_argument,
                name + ": \"" + text + "\" is not a whole number from "
                    + std::to_string(min) + " to " + std::to_string(max));
  return value;
}

result<std::optional<time_point>>
time_query(const query_map& query, const std::string& name, time_point now) {
  const auto text = text_query(query, name);
  if (text.empty())
    return std::nullopt;
  if (const auto at = parse_rfc3339(text))
    return *at;
  if (const auto back = parse_duration(text))
    return now - *back;
  return fail(errc::invalid_argument,
              name + ": \"" + text
                  + "\" is neither a time such as 2027-03-28T03:00:00Z nor a "
                    "duration such as 2h");
}

result<std::optional<run_state>> state_query(const query_map& query,
                                             const std::string& name) {
  const auto text = text_query(query, name);
  if (text.empty())
    return std::nullopt;
  if (const auto state = value_of(run_state_words, text))
    return *state;
  if (const auto state = value_of(aliases, text))
    return *state;
  std::vector<std::string> words;
  add_words(run_state_words, words);
  add_words(aliases, words);
  return fail(errc::invalid_argument,
              name + ": \"" + text + "\" is not one of " + joined(words));
}

result<std::optional<tick_fate>> fate_query(const query_map& query,
                                            const std::string& name) {
  const auto text = text_query(query, name);
  if (text.empty())
    return std::nullopt;
  if (const auto fate = value_of(tick_fate_words, text))
    return *fate;
  std::vector<std::string> words;
  add_words(tick_fate_words, words);
  return fail(errc::invalid_argument, name + ": \"" + text + "\" is not one of "
                                          + joined(words)
                                          + did_you_mean(text, words));
}

} // namespace jobq
