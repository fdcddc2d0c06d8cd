#pragma once

#include <span>
#include <string_view>

namespace jobq {

/// A setting that this version reads and checks but does not act on.
struct config_notice {
  std::string_view key;    ///< `limits.memory`
  std::string_view value;  ///< the one value concerned; empty: any
  std::string_view effect; ///< what happens instead
};

/// All of them. A setting that comes to be enforced loses its line here.
std::span<const config_notice> config_notices() noexcept;

/// The notice for a key of the section `section` (empty: of a job itself) that
/// is set to `value`, or null.
const config_notice* find_notice(std::string_view section, std::string_view key,
                                 std::string_view value) noexcept;

} // namespace jobq
