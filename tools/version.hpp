#pragma once

namespace jobq {

/// jobq's version, as CMakeLists.txt gives it.
inline constexpr const char* version = JOBQ_VERSION;

} // namespace jobq
