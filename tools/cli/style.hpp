#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "jobs/zone.hpp"

namespace jobq {

enum class tone { plain, good, bad, warn, dim, strong };

/// How text is shown. A value, so that rendering is a function of its input.
struct style {
  std::size_t width = 0; ///< columns of the terminal; 0: none, nothing is cut
  bool colour = false;
  bool unicode = true; ///< ✓ and … instead of ok and ...
  time_zone zone = time_zone::utc();
  bool zone_given = false; ///< by --tz; else ticks are shown in their job's
};

/// The text in its tone's colour, when there are colours.
std::string paint(const style& look, tone how, std::string_view text);

/// The tone of a run's state or outcome.
tone tone_of_status(std::string_view status);

} // namespace jobq
