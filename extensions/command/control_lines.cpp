#include "extensions/command/control_lines.hpp"

#include <limits>
#include <utility>

#include <nlohmann/json.hpp>

namespace jobq {

namespace {

using json = nlohmann::json;

/// A text cut to so many bytes, at a character's boundary.
std::string cut(std::string_view text, std::size_t limit) {
  if (text.size() > limit) {
    while (limit > 0
           && (static_cast<unsigned char>(text[limit]) & 0xC0) == 0x80)
      --limit;
    text = text.substr(0, limit);
  }
  return std::string{text};
}

/// The beginning of what a program wrote, fit for a log.
std::string excerpt(std::string_view text) {
  constexpr std::size_t enough = 60;
  auto shown = cut(text, enough);
  for (char& each : shown)
    if (each < ' ' || each > '~')
      each = '?';
  return "\"" + shown + (text.size() > enough ? "...\"" : "\"");
}

std::optional<std::int64_t> whole_number(const json& value) {
  if (value.is_number_unsigned()) {
    auto number = value.get<std::uint64_t>();
    if (number > std::uint64_t{std::numeric_limits<std::int64_t>::max()})
      return std::nullopt;
    return static_cast<std::int64_t>(number);
  }
  if (value.is_number_integer())
    return value.get<std::int64_t>();
  return std::nullopt;
}

json parse(std::string_view line) {
  return json::parse(line.begin(), line.end(), nullptr, false);
}

} // namespace

/// Takes one line's object apart.
struct control_lines::line_reader {
  control_lines& lines;
  std::optional<double> fraction;
  std::optional<std::string> message;
  std::optional<std::string> result;

  void read(const json& object) {
    for (const auto& [key, value] : object.items())
      read_value(key, value);
    // Beside progress a message is about the moment, alone about the whole.
    if (fraction)
      lines.progress_ = progress_report{*fraction, message.value_or("")};
    else if (message && !object.contains("progress"))
      lines.message_ = std::move(message);
    if (result)
      lines.message_ = std::move(result);
  }

private:
  void read_value(const std::string& key, const json& value) {
    if (key == "progress")
      read_fraction(value);
    else if (key == "message")
      read_text(key, value, message);
    else if (key == "result")
      read_text(key, value, result);
    else if (key == "counters")
      read_counters(value);
    else if (key == "items_processed")
      read_count(key, value, lines.items_processed_);
    else if (key == "items_failed")
      read_count(key, value, lines.items_failed_);
    else
      lines.warn(unknown_key, "unknown key " + excerpt(key));
  }

  void read_fraction(const json& value) {
    auto number = value.is_number() ? value.get<double>() : -1;
    if (number >= 0 && number <= 1)
      fraction = number;
    else
      lines.warn(bad_progress, "progress is not a number from 0 to 1");
  }

  void read_text(const std::string& key, const json& value,
                 std::optional<std::string>& into) {
    if (value.is_string())
      into = cut(value.get_ref<const std::string&>(), longest_text);
    else
      lines.warn(bad_text, key + " is not a text");
  }

  void read_count(const std::string& key, const json& value,
                  std::uint64_t& into) {
    if (auto number = whole_number(value); number && *number >= 0)
      into = static_cast<std::uint64_t>(*number);
    else
      lines.warn(bad_count, key + " is not a whole number from 0");
  }

  void read_counters(const json& value) {
    if (!value.is_object()) {
      lines.warn(bad_counter, "counters is not an object");
      return;
    }
    for (const auto& [name, number] : value.items())
      read_counter(name, number);
  }

  void read_counter(const std::string& name, const json& value) {
    auto number = whole_number(value);
    if (!number || name.empty() || name.size() > longest_name) {
      lines.warn(bad_counter, "counter " + excerpt(name)
                                  + " is not a whole number of 64 bits with a "
                                    "name of 1 to 100 bytes");
      return;
    }
    auto& counters = lines.counters_;
    if (counters.size() >= most_counters && !counters.contains(name))
      lines.warn(too_many_counters, "counter " + excerpt(name)
                                        + " is one too many, there are "
                                        + std::to_string(most_counters));
    else
      counters[name] = *number;
  }
};

void control_lines::feed(std::string_view bytes) {
  while (!bytes.empty()) {
    auto end = bytes.find('\n');
    auto piece = bytes.substr(0, end);
    if (!skipping_ && line_.size() + piece.size() > longest_line) {
      skipping_ = true;
      warn(too_long, "longer than " + std::to_string(longest_line)
                         + " bytes: " + excerpt(line_.empty() ? piece : line_));
      line_.clear();
    }
    if (!skipping_)
      line_ += piece;
    if (end == std::string_view::npos)
      return;
    end_line();
    bytes.remove_prefix(end + 1);
  }
}

void control_lines::end_line() {
  auto line = std::exchange(line_, {});
  if (std::exchange(skipping_, false)
      || line.find_first_not_of(" \t\r") == std::string::npos)
    return;
  auto object = parse(line);
  if (object.is_object())
    line_reader{*this, {}, {}, {}}.read(object);
  else
    warn(not_an_object, "not a JSON object: " + excerpt(line));
}

void control_lines::finish() {
  // A program that was killed may have been in the middle of a line: that is
  // no fault of the line.
  if (!skipping_ && parse(line_).is_object())
    end_line();
  line_.clear();
  skipping_ = false;
}

void control_lines::report() {
  if (auto newest = std::exchange(progress_, std::nullopt))
    context_.progress(newest->fraction, newest->message);
}

void control_lines::add_to(outcome& made) const {
  if (made.message.empty())
    made.message = message_.value_or("");
  made.items_processed = items_processed_;
  made.items_failed = items_failed_;
  made.counters = counters_;
}

void control_lines::warn(fault kind, const std::string& message) {
  if (warned_.test(kind))
    return;
  warned_.set(kind);
  context_.log(log_level::warning,
               "control line ignored (said once): " + message);
}

} // namespace jobq
