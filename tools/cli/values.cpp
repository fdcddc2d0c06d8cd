#include "tools/cli/values.hpp"

#include <charconv>
#include <limits>
#include <system_error>
#include <vector>

#include "jobs/names.hpp"
#include "jobs/run.hpp"

namespace jobq {

namespace {

std::string range_text(std::int64_t min, std::int64_t max) {
  if (max == std::numeric_limits<std::int64_t>::max())
    return std::to_string(min) + " or more";
  return std::to_string(min) + " to " + std::to_string(max);
}

tl::unexpected<error> wrong_value(const std::string& option,
                                  const std::string& why) {
  return fail(errc::invalid_argument, "--" + option + ": " + why);
}

tl::unexpected<error> wrong_word(const std::string& option,
                                 const std::string& word,
                                 const std::vector<std::string>& known) {
  std::string all;
  for (const auto& candidate : known)
    all += (all.empty() ? "" : ", ") + candidate;
  return wrong_value(option, "\"" + word + "\" is not one of " + all
                                 + did_you_mean(word, known));
}

} // namespace

result<std::int64_t> whole_number(const arguments& line,
                                  const std::string& option,
                                  std::int64_t fallback, std::int64_t min,
                                  std::int64_t max) {
  const auto text = line.value(option);
  if (!text)
    return fallback;
  std::int64_t number = 0;
  const auto* const end = text->data() + text->size();
  const auto [rest, status] = std::from_chars(text->data(), end, number);
  if (rest != end || status == std::errc::invalid_argument || text->empty())
    return wrong_value(option, "\"" + *text
                                   + "\" is not a whole number; it must be "
                                   + range_text(min, max));
  if (status != std::errc{} || number < min || number > max)
    return wrong_value(option, *text + " is out of range; it must be "
                                   + range_text(min, max));
  return number;
}

result<std::optional<milliseconds>> duration_of(const arguments& line,
                                                const std::string& option) {
  const auto text = line.value(option);
  if (!text)
    return std::optional<milliseconds>{};
  const auto read = parse_duration(*text);
  if (!read)
    return wrong_value(option, read.error().message
                                   + "; write a duration such as 30s, 10m, 2h");
  if (read->count() == 0)
    return wrong_value(option, "must be more than 0, such as 30s, 10m, 2h");
  return std::optional<milliseconds>{*read};
}

result<std::optional<time_point>> instant_of(const arguments& line,
                                             const std::string& option) {
  const auto text = line.value(option);
  if (!text)
    return std::optional<time_point>{};
  const auto read = parse_rfc3339(*text);
  if (!read)
    return wrong_value(option,
                       read.error().message
                           + "; write an instant such as 2027-03-28T03:00:00Z");
  return std::optional<time_point>{*read};
}

result<std::optional<time_point>>
since_of(const arguments& line, const std::string& option, time_point now) {
  const auto text = line.value(option);
  if (!text)
    return std::optional<time_point>{};
  if (const auto read = parse_rfc3339(*text))
    return std::optional<time_point>{*read};
  if (const auto ago = parse_duration(*text))
    return std::optional<time_point>{now - *ago};
  return wrong_value(option, "\"" + *text
                                 + "\" is neither an instant "
                                   "(2027-03-28T03:00:00Z) nor a duration ago "
                                   "(30m, 2h, 7d)");
}

result<std::optional<time_zone>> zone_of(const arguments& line) {
  const auto text = line.value("tz");
  if (!text)
    return std::optional<time_zone>{};
  auto zone = time_zone::find(*text);
  if (!zone)
    return wrong_value("tz", zone.error().message);
  return std::optional<time_zone>{*zone};
}

result<std::map<std::string, std::string>>
parameters_of(const arguments& line) {
  std::map<std::string, std::string> parameters;
  for (const auto& text : line.values("parameter")) {
    const auto equals = text.find('=');
    if (equals == std::string::npos || equals == 0)
      return wrong_value("parameter",
                         "\"" + text
                             + "\" is not KEY=VALUE; type: -p source=blog");
    const auto key = text.substr(0, equals);
    if (!parameters.emplace(key, text.substr(equals + 1)).second)
      return wrong_value("parameter",
                         "\"" + key + "\" is given twice; give it once");
  }
  return parameters;
}

result<std::string> state_of(const arguments& line) {
  const auto word = line.value("state");
  if (!word)
    return std::string{};
  if (*word == "dead")
    return std::string{"discarded"};
  if (*word == "executing")
    return std::string{"running"};
  if (*word == "queued")
    return std::string{"available"};
  std::vector<std::string> known;
  for (const auto& [state, name] : run_state_words)
    known.emplace_back(name);
  if (value_of(run_state_words, *word))
    return *word;
  known.insert(known.end(), {"dead", "executing", "queued"});
  return wrong_word("state", *word, known);
}

result<status_filter> status_of(const arguments& line) {
  const auto word = line.value("status");
  if (!word)
    return status_filter{};
  static const std::map<std::string, status_filter> known{
      {"completed", {"completed", ""}},
      {"discarded", {"discarded", ""}},
      {"cancelled", {"cancelled", ""}},
      {"dead", {"discarded", ""}},
      {"succeeded", {"completed", ""}},
      {"failed", {"discarded", "failed"}},
      {"timed_out", {"discarded", "timed_out"}},
      {"crashed", {"discarded", "crashed"}}};
  if (const auto found = known.find(*word); found != known.end())
    return found->second;
  std::vector<std::string> words;
  for (const auto& [name, filter] : known)
    words.push_back(name);
  return wrong_word("status", *word, words);
}

} // namespace jobq
