#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace jobq {

/// What looks mistaken about a valid schedule, a sentence each: steps that do
/// not divide their field, both day fields restricted, days that most months
/// lack, every second.
/// @param expression as written; a nickname never looks mistaken
std::vector<std::string> schedule_doubts(std::string_view expression);

} // namespace jobq
