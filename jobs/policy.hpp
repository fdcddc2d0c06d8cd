#pragma once

#include <cstdint>
#include <string_view>

#include "jobs/enum_text.hpp"
#include "jobs/time.hpp"

namespace jobq {

/// What a tick does while an earlier scheduled run of its job is unfinished.
enum class overlap_policy {
  skip,            ///< drop the new tick
  buffer_one,      ///< keep one waiting, drop further ones
  buffer_all,      ///< keep all (at most 1,000), one after another
  cancel_other,    ///< ask the running one to stop, start after it has
  terminate_other, ///< kill it, if it is in another process: no time to obey
  allow_all        ///< run side by side
};

inline constexpr enum_words<overlap_policy, 6> overlap_policy_words{
    {{overlap_policy::skip, "skip"},
     {overlap_policy::buffer_one, "buffer_one"},
     {overlap_policy::buffer_all, "buffer_all"},
     {overlap_policy::cancel_other, "cancel_other"},
     {overlap_policy::terminate_other, "terminate_other"},
     {overlap_policy::allow_all, "allow_all"}}};

/// Kubernetes' words for them, accepted wherever a policy is read.
inline constexpr enum_words<overlap_policy, 3> overlap_policy_aliases{
    {{overlap_policy::allow_all, "Allow"},
     {overlap_policy::skip, "Forbid"},
     {overlap_policy::cancel_other, "Replace"}}};

/// Which of the ticks that were missed are made up for.
enum class catchup_policy {
  none,     ///< none of them
  latest,   ///< one run for all, carrying the latest nominal time
  earliest, ///< one run for all, carrying the earliest nominal time
  all       ///< every one, oldest first
};

inline constexpr enum_words<catchup_policy, 4> catchup_policy_words{
    {{catchup_policy::none, "none"},
     {catchup_policy::latest, "latest"},
     {catchup_policy::earliest, "earliest"},
     {catchup_policy::all, "all"}}};

enum class backoff_type { fixed, linear, exponential, polynomial };

inline constexpr enum_words<backoff_type, 4> backoff_type_words{
    {{backoff_type::fixed, "fixed"},
     {backoff_type::linear, "linear"},
     {backoff_type::exponential, "exponential"},
     {backoff_type::polynomial, "polynomial"}}};

/// How long to wait before the next attempt; the formula stands in retry.hpp.
struct backoff {
  backoff_type type = backoff_type::polynomial;
  milliseconds base = seconds{1};
  double factor = 4;
  milliseconds max = std::chrono::days{1};
  double jitter = 0.1; ///< spread as a share of the wait, 0..1

  friend bool operator==(const backoff&, const backoff&) = default;
};

} // namespace jobq
