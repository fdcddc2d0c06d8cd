#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "jobs/definition.hpp"
#include "jobs/policy.hpp"
#include "jobs/tick.hpp"
#include "jobs/time.hpp"

namespace jobq {

/// How many runs one replay makes at most, of all jobs together.
inline constexpr std::uint64_t max_replayed_runs = 10'000;

/// Whether it tells of ticks that nothing ran for and that a replay can make up
/// for, or could have before somebody waived them.
bool is_missed(const tick& line) noexcept;

/// Whether it tells of ticks that had their run, or gave way to another's.
bool has_run(const tick& line) noexcept;

/// What a person asks to be replayed.
struct replay_request {
  std::optional<time_point> from;        ///< nominal times at or after it
  std::optional<time_point> to;          ///< nominal times at or before it
  std::optional<std::uint32_t> limit;    ///< runs of each job
  std::optional<overlap_policy> overlap; ///< instead of running in turn
  bool again = false;                    ///< ticks that ran already, too
  std::string by;                        ///< who asks

  /// Whether the ticks themselves are meant. Otherwise each job's `catchup`
  /// says what is made up for.
  bool names_ticks() const noexcept { return from || to || limit || again; }
};

/// What a replay would do for one job.
struct replay_plan {
  std::string job;
  std::uint64_t missed = 0; ///< ticks that nothing ran for
  std::optional<time_point> first_missed;
  std::optional<time_point> last_missed;
  std::uint64_t ran = 0;     ///< ticks of the range that ran already
  std::uint64_t foreign = 0; ///< missed ticks of an earlier schedule: they
                             ///< can't be told apart any more, and stay
  std::uint64_t runs = 0;    ///< runs to make
  bool serial = true;        ///< one after another
  ledger_change change;      ///< of decided ticks
  /// Of ticks since the cursor, when no engine decides them.
  std::optional<tick_decision> decision;
};

/// Plans a replay of one job. A pure function of its arguments; costs memory by
/// the number of lines and runs, not by that of ticks.
///
/// Missed ticks are those of fate `engine_down`, `expired` and `over_limit`,
/// unless somebody waived them. Ticks of a paused or disabled stretch and those
/// of a gap of the clock are never replayed.
///
/// | | runs |
/// | --- | --- |
/// | a range, limit or `again` is named | each tick of it, the newest `limit`
/// (default: the job's `catchup_limit`) |
/// | otherwise, `catchup: none` | none |
/// | `latest`, `earliest` | one for the missed ticks within `catchup_window` |
/// | `all` | each tick within `catchup_window`, the newest `catchup_limit` |
///
/// @param lines the job's lines of the ledger, in any order
/// @param undecided the job's cursor when no engine decides its ticks now
replay_plan plan_replay(const job_definition& job, std::vector<tick> lines,
                        const std::optional<job_cursor>& undecided,
                        const replay_request& asked, time_point now);

/// Plans that missed ticks are not made up for: they are waived, keep their
/// fate, and no later plan lists them. Arguments as above.
replay_plan plan_skip(const job_definition& job, std::vector<tick> lines,
                      const std::optional<job_cursor>& undecided,
                      const replay_request& asked, time_point now);

/// The part of a plan that says how long it takes.
struct replay_load {
  std::uint64_t runs = 0;
  milliseconds mean{0}; ///< measured mean duration of the job's runs
  bool serial = true;
};

/// When a job's share alone would be done with `workers` runs at a time.
milliseconds estimate(const replay_load& one, std::uint32_t workers);

/// When all of them would be done side by side.
milliseconds estimate(const std::vector<replay_load>& all,
                      std::uint32_t workers);

} // namespace jobq
