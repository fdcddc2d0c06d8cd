#pragma once

#include <string>
#include <string_view>

#include "tools/cli/fields.hpp"

namespace jobq {

/// A text field as it is, line ends and all.
std::string raw_text_of(const json& document, std::string_view field);

/// A log's lines, each printable, after `prefix`, and with a line feed.
std::string printable_log(std::string_view log, std::string_view prefix = {});

} // namespace jobq
