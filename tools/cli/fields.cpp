#include "tools/cli/fields.hpp"

#include <chrono>

#include <nlohmann/json.hpp>

#include "jobs/time.hpp"
#include "tools/cli/text.hpp"

namespace jobq {

namespace {

const json* find(const json& document, std::string_view field) {
  if (!document.is_object())
    return nullptr;
  const auto found = document.find(std::string{field});
  return found == document.end() || found->is_null() ? nullptr : &*found;
}

std::string scalar(const json& value) {
  return printable(value.is_string() ? value.get<std::string>()
                                     : json_line(value));
}

} // namespace

std::string text_of(const json& document, std::string_view field) {
  const auto* value = find(document, field);
  return value == nullptr ? "" : scalar(*value);
}

std::string text_or(const json& document, std::string_view field,
                    std::string_view otherwise) {
  auto text = text_of(document, field);
  return text.empty() ? std::string{otherwise} : text;
}

std::int64_t number_of(const json& document, std::string_view field) {
  const auto* value = find(document, field);
  return value != nullptr && value->is_number() ? value->get<std::int64_t>()
                                                : 0;
}

bool flag_of(const json& document, std::string_view field) {
  const auto* value = find(document, field);
  return value != nullptr && value->is_boolean() && value->get<bool>();
}

bool has_value(const json& document, std::string_view field) {
  return find(document, field) != nullptr;
}

const json& part_of(const json& document, std::string_view field) {
  static const json nothing = json::array();
  const auto* value = find(document, field);
  return value != nullptr && value->is_structured() ? *value : nothing;
}

std::string time_text(const std::string& utc, const style& look,
                      bool whole_seconds) {
  const auto at = parse_rfc3339(utc);
  if (!at)
    return utc;
  return format_in_zone(whole_seconds ? std::chrono::floor<seconds>(*at) : *at,
                        look.zone);
}

std::string time_of(const json& document, std::string_view field,
                    const style& look, bool whole_seconds,
                    std::string_view otherwise) {
  const auto utc = text_of(document, field);
  return utc.empty() ? std::string{otherwise}
                     : time_text(utc, look, whole_seconds);
}

std::string duration_field(const json& document, std::string_view field,
                           std::string_view otherwise) {
  const auto* value = find(document, field);
  if (value == nullptr || !value->is_number())
    return std::string{otherwise};
  return format_duration(milliseconds{value->get<std::int64_t>()});
}

std::string pairs_of(const json& document, std::string_view field) {
  std::string text;
  const auto& part = part_of(document, field);
  if (part.is_object())
    for (const auto& [key, value] : part.items())
      text += (text.empty() ? "" : " ") + printable(key) + "=" + scalar(value);
  return text.empty() ? "-" : text;
}

std::string words_of(const json& document, std::string_view field) {
  std::string text;
  for (const auto& value : part_of(document, field))
    text += (text.empty() ? "" : ", ") + scalar(value);
  return text.empty() ? "-" : text;
}

std::string json_line(const json& document) {
  return document.dump(-1, ' ', false, json::error_handler_t::replace);
}

} // namespace jobq
