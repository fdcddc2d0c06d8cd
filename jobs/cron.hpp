#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "jobs/cron_fields.hpp"
#include "jobs/error.hpp"
#include "jobs/time.hpp"

namespace jobq {

class time_zone; // jobs/zone.hpp

/// What a fixed or interval schedule does where the clock jumps forward.
/// `automatic` is the table of docs/cron.md.
enum class dst_gap { automatic, shift, skip };

/// What it does where local times come twice.
enum class dst_overlap { automatic, first, last, both };

/// A six-field cron expression (docs/cron.md): a small value, cheap to copy and
/// to compare, without a zone and without a clock.
class cron_schedule {
public:
  /// Reads an expression or a nickname (`@hourly`).
  /// @returns `invalid_argument`; the message is the full text of docs/cron.md
  /// without a `jobq: ` prefix: first line `invalid schedule: …`, then the
  /// expression, a mark under the offending text, and a hint when there is one,
  /// each of these lines indented by four spaces.
  static result<cron_schedule> parse(std::string_view expression);

  /// The first fire time strictly later than `after`, in whole seconds. Fire
  /// times have local dates from 0000-01-01 to 9999-12-31.
  std::optional<time_point> next(time_point after, const time_zone& zone,
                                 dst_gap gap = dst_gap::automatic,
                                 dst_overlap overlap
                                 = dst_overlap::automatic) const;

  /// The last fire time at or before `at` and strictly later than `after`.
  /// Cost does not grow with the distance between the two.
  std::optional<time_point>
  last(time_point after, time_point at, const time_zone& zone,
       dst_gap gap = dst_gap::automatic,
       dst_overlap overlap = dst_overlap::automatic) const;

  /// How many fire times lie in `(after, until]`. A year of an every-second
  /// schedule is counted by days, not by seconds.
  std::uint64_t count(time_point after, time_point until, const time_zone& zone,
                      dst_gap gap = dst_gap::automatic,
                      dst_overlap overlap = dst_overlap::automatic) const;

  /// Whether second, minute or hour contains `*` or `/`.
  bool is_interval() const noexcept { return fields_.interval; }

  /// The expression in words: `every 30 minutes`, `daily at 03:00`.
  std::string describe() const;

  friend bool operator==(const cron_schedule&, const cron_schedule&) = default;

private:
  explicit cron_schedule(const cron_fields& fields) : fields_{fields} {}

  cron_fields fields_;
};

} // namespace jobq
