#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "jobs/error.hpp"
#include "jobs/time.hpp"
#include "jobs/zone.hpp"
#include "tools/cli/arguments.hpp"

namespace jobq {

/// A whole number in `[min, max]`, or `fallback` when the option is absent.
/// @returns `invalid_argument` naming the option and the range
result<std::int64_t> whole_number(const arguments& line,
                                  const std::string& option,
                                  std::int64_t fallback, std::int64_t min,
                                  std::int64_t max);

/// A duration such as `10m`; none when the option is absent.
result<std::optional<milliseconds>> duration_of(const arguments& line,
                                                const std::string& option);

/// An RFC 3339 instant; none when absent.
result<std::optional<time_point>> instant_of(const arguments& line,
                                             const std::string& option);

/// An instant, or a duration before `now`; none when absent.
result<std::optional<time_point>>
since_of(const arguments& line, const std::string& option, time_point now);

/// The zone of `--tz`; none when absent.
result<std::optional<time_zone>> zone_of(const arguments& line);

/// `-p KEY=VALUE`, repeated: a key given twice is an error.
result<std::map<std::string, std::string>> parameters_of(const arguments& line);

/// A run state as the API knows it, with the words of other queues accepted:
/// `dead`, `executing`, `queued`. Empty when absent.
result<std::string> state_of(const arguments& line);

/// What `--status` of history leaves: runs of a final state that came to an
/// outcome; both empty when the option is absent.
struct status_filter {
  std::string state;   ///< as the API takes it
  std::string outcome; ///< empty: any

  friend bool operator==(const status_filter&, const status_filter&) = default;
};

/// Reads a final state, `dead`, or an outcome that a run can end with.
result<status_filter> status_of(const arguments& line);

} // namespace jobq
