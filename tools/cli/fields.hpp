#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "tools/cli/style.hpp"

namespace jobq {

using json = nlohmann::ordered_json;

/// Reading of the API's documents: a field that is absent, `null` or of another
/// type reads as nothing. Text comes out printable.

std::string text_of(const json& document, std::string_view field);
std::string text_or(const json& document, std::string_view field,
                    std::string_view otherwise);
std::int64_t number_of(const json& document, std::string_view field);
bool flag_of(const json& document, std::string_view field);
bool has_value(const json& document, std::string_view field);

/// The array or object of that name; an empty one when there is none.
const json& part_of(const json& document, std::string_view field);

/// An instant in the style's zone, or `otherwise`.
/// @param whole_seconds leave the fraction away
std::string time_of(const json& document, std::string_view field,
                    const style& look, bool whole_seconds = true,
                    std::string_view otherwise = "-");
std::string time_text(const std::string& utc, const style& look,
                      bool whole_seconds);

/// A field of milliseconds as a duration, or `otherwise`.
std::string duration_field(const json& document, std::string_view field,
                           std::string_view otherwise = "-");

/// `a=1 b=x` of an object of scalars; a `-` when it is empty.
std::string pairs_of(const json& document, std::string_view field);

/// `a, b` of an array of strings; a `-` when it is empty.
std::string words_of(const json& document, std::string_view field);

/// One line of JSON; bytes that are not UTF-8 are replaced.
std::string json_line(const json& document);

} // namespace jobq
