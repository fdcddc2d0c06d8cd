#include "jobs/replay.hpp"

#include <algorithm>
#include <utility>

#include "jobs/due.hpp"

namespace jobq {
namespace {

constexpr milliseconds instant{1};

/// A line, and the part of it that the request is about.
struct segment {
  tick line;
  time_point begin;   ///< of its ticks later than this
  time_point end;     ///< and not later than this
  bool stored = true; ///< false: not decided yet
};

/// Takes lines apart by the job's schedule.
class line_cutter {
public:
  explicit line_cutter(const job_definition& job) : job_{job} {}

  std::uint64_t count(const tick& line, time_point after,
                      time_point until) const {
    if (line.count == 1)
      return line.nominal_time > after && line.nominal_time <= until ? 1 : 0;
    after = std::max(after, line.nominal_time - instant);
    until = std::min(until, line.to);
    return after < until ? job_.schedule->count(after, until, job_.timezone,
                                                job_.gap, job_.overlap)
                         : 0;
  }

  std::optional<time_point> first(const tick& line, time_point after,
                                  time_point until) const {
    if (count(line, after, until) == 0)
      return std::nullopt;
    if (line.count == 1)
      return line.nominal_time;
    return job_.schedule->next(std::max(after, line.nominal_time - instant),
                               job_.timezone, job_.gap, job_.overlap);
  }

  std::optional<time_point> last(const tick& line, time_point after,
                                 time_point until) const {
    if (count(line, after, until) == 0)
      return std::nullopt;
    if (line.count == 1)
      return line.nominal_time;
    return job_.schedule->last(std::max(after, line.nominal_time - instant),
                               std::min(until, line.to), job_.timezone,
                               job_.gap, job_.overlap);
  }

  /// The line's ticks in `(after, until]` as a line of its own.
  std::optional<tick> cut(const tick& line, time_point after,
                          time_point until) const {
    auto begin = first(line, after, until);
    if (!begin)
      return std::nullopt;
    auto part = line;
    part.nominal_time = *begin;
    part.to = *last(line, after, until);
    part.count = count(line, after, until);
    return part;
  }

  /// Whether the line's ticks are those of the present schedule.
  bool knows(const tick& line) const {
    if (line.count == 1)
      return true;
    const auto before = line.nominal_time - instant;
    return job_.schedule
           && job_.schedule->count(before, line.to, job_.timezone, job_.gap,
                                   job_.overlap)
                  == line.count
           && job_.schedule->next(before, job_.timezone, job_.gap, job_.overlap)
                  == line.nominal_time
           && job_.schedule->last(before, line.to, job_.timezone, job_.gap,
                                  job_.overlap)
                  == line.to;
  }

private:
  const job_definition& job_;
};

class planner {
public:
  planner(const job_definition& job, const replay_request& asked,
          time_point now)
      : job_{job}, asked_{asked}, now_{now}, cutter_{job} {
    plan_.job = plan_.change.job = job.name;
    // One after another unless told otherwise; how many is bounded anyway.
    overlap_ = asked.overlap.value_or(overlap_policy::allow_all);
    plan_.serial = asked.overlap.value_or(job.overlap_policy)
                   != overlap_policy::allow_all;
  }

  replay_plan replay(std::vector<tick> lines,
                     const std::optional<job_cursor>& undecided) && {
    collect(std::move(lines));
    if (asked_.names_ticks()) {
      add_undecided(undecided);
      choose_newest(asked_.limit.value_or(job_.catchup_limit),
                    time_point::min());
      write_each();
    } else {
      decide_by_policy(undecided);
      by_policy();
    }
    return std::move(plan_);
  }

  replay_plan skip(std::vector<tick> lines,
                   const std::optional<job_cursor>& undecided) && {
    collect(std::move(lines));
    add_undecided(undecided);
    for (const auto& part : segments_) {
      auto waived = cutter_.cut(part.line, part.begin, part.end);
      waived->waived = true;
      waived->reason = "skipped by " + asked_.by;
      auto& to = begin_lines(part);
      keep(part, time_point::min(), part.begin, to);
      to.push_back(std::move(*waived));
      keep(part, part.end, time_point::max(), to);
    }
    return std::move(plan_);
  }

private:
  /// The request's share of the ledger, oldest first.
  void collect(std::vector<tick> lines) {
    std::sort(lines.begin(), lines.end(), [](const auto& a, const auto& b) {
      return a.nominal_time < b.nominal_time;
    });
    for (auto& line : lines)
      consider(std::move(line), true);
  }

  void consider(tick line, bool stored) {
    const auto missed = is_missed(line) && !line.waived;
    const auto ran = has_run(line) || (is_missed(line) && line.waived);
    if (!missed && !ran)
      return;
    const auto begin = asked_.from ? *asked_.from - instant : time_point::min();
    const auto end = asked_.to.value_or(time_point::max());
    if (line.to <= begin || line.nominal_time > end)
      return;
    if (!cutter_.knows(line)) {
      plan_.foreign += missed ? line.count : 0;
      return;
    }
    const auto ticks = cutter_.count(line, begin, end);
    if (ticks == 0)
      return;
    if (missed) {
      plan_.missed += ticks;
      if (!plan_.first_missed)
        plan_.first_missed = cutter_.first(line, begin, end);
      plan_.last_missed = cutter_.last(line, begin, end);
    } else if (has_run(line)) {
      plan_.ran += ticks;
    }
    if (missed || asked_.again)
      segments_.push_back({std::move(line), begin, end, stored});
  }

  /// Ticks since the cursor, as if the engine had passed them over.
  void add_undecided(const std::optional<job_cursor>& cursor) {
    if (!cursor || !job_.schedule)
      return;
    auto decision = pass_over(job_, *cursor, now_, tick_fate::engine_down,
                              "the engine was down");
    for (auto& line : std::exchange(decision.others, {})) {
      const auto before = segments_.size();
      consider(line, false);
      if (segments_.size() == before) // outside the range
        decision.others.push_back(std::move(line));
    }
    if (decision.cursor.position != cursor->position)
      plan_.decision = std::move(decision);
  }

  /// Ticks since the cursor, as a starting engine would decide them.
  void decide_by_policy(const std::optional<job_cursor>& cursor) {
    if (!cursor || !job_.schedule)
      return;
    auto decision = due(job_, *cursor, now_, now_);
    for (const auto& line : decision.others)
      if (line.fate != tick_fate::dst_gap)
        count_missed(line.nominal_time, line.to, line.count);
    for (const auto& one : decision.firings)
      count_missed(one.tick.nominal_time, one.tick.nominal_time, 1);
    if (asked_.overlap)
      for (auto& one : decision.firings) {
        one.overlap = overlap_;
        one.run.serial = plan_.serial;
      }
    plan_.runs += decision.firings.size();
    if (decision.cursor.position != cursor->position)
      plan_.decision = std::move(decision);
  }

  void count_missed(time_point from, time_point to, std::uint64_t ticks) {
    plan_.missed += ticks;
    plan_.first_missed = std::min(plan_.first_missed.value_or(from), from);
    plan_.last_missed = std::max(plan_.last_missed.value_or(to), to);
  }

  void by_policy() {
    const auto window = now_ - job_.catchup_window - instant;
    switch (job_.catchup) {
    case catchup_policy::none:
      return;
    case catchup_policy::all:
      choose_newest(job_.catchup_limit, window);
      write_each();
      return;
    case catchup_policy::latest:
    case catchup_policy::earliest:
      write_one(window);
      return;
    }
  }

  /// Chooses the newest `limit` ticks later than `after`, newest first.
  void choose_newest(std::uint64_t limit, time_point after) {
    chosen_.resize(segments_.size());
    auto left = std::min(limit, max_replayed_runs);
    for (auto i = segments_.size(); i-- > 0 && left > 0;) {
      const auto& part = segments_[i];
      const auto begin = std::max(part.begin, after);
      auto until = part.end;
      for (; left > 0; --left) {
        auto at = cutter_.last(part.line, begin, until);
        if (!at)
          break;
        chosen_[i].push_back(*at);
        until = *at - instant;
      }
    }
  }

  /// A run for each chosen tick. In a line they follow one another, and end
  /// where the line's part ends.
  void write_each() {
    for (std::size_t i = 0; i < segments_.size(); ++i) {
      const auto& part = segments_[i];
      if (chosen_[i].empty()) {
        if (!part.stored)
          plan_.decision->others.push_back(part.line);
        continue;
      }
      auto& to = begin_lines(part);
      keep(part, time_point::min(), chosen_[i].back() - instant, to);
      for (auto at = chosen_[i].rbegin(); at != chosen_[i].rend(); ++at)
        fire(part, *at, 1);
      keep(part, part.end, time_point::max(), to);
    }
  }

  /// One run for all missed ticks later than `after`.
  void write_one(time_point after) {
    std::optional<time_point> nominal;
    std::uint64_t ticks = 0;
    const segment* home = nullptr;
    for (const auto& part : segments_) {
      const auto begin = std::max(part.begin, after);
      const auto latest = job_.catchup == catchup_policy::latest;
      const auto at = latest ? cutter_.last(part.line, begin, part.end)
                             : cutter_.first(part.line, begin, part.end);
      if (!at)
        continue;
      ticks += cutter_.count(part.line, begin, part.end);
      if (!nominal || latest) {
        nominal = at;
        home = &part;
      }
    }
    if (!nominal)
      return;
    const auto id = id_of(*home, *nominal);
    for (const auto& part : segments_) {
      const auto begin = std::max(part.begin, after);
      if (cutter_.count(part.line, begin, part.end) == 0)
        continue;
      auto& to = begin_lines(part);
      keep(part, time_point::min(), begin, to);
      const auto own = &part == home;
      coalesce(part, begin, own ? *nominal - instant : part.end, id, to);
      if (own)
        coalesce(part, *nominal, part.end, id, to);
      keep(part, part.end, time_point::max(), to);
    }
    fire(*home, *nominal, ticks);
  }

  void coalesce(const segment& part, time_point after, time_point until,
                const run_id& id, std::vector<tick>& to) {
    auto line = cutter_.cut(part.line, std::max(after, part.begin),
                            std::min(until, part.end));
    if (!line)
      return;
    line->fate = tick_fate::coalesced;
    line->run = id;
    line->reason = "made up for by a replay";
    to.push_back(std::move(*line));
  }

  /// What of the line the request does not change.
  void keep(const segment& part, time_point after, time_point until,
            std::vector<tick>& to) const {
    if (auto rest = cutter_.cut(part.line, after, until))
      to.push_back(std::move(*rest));
  }

  /// Announces that the line will be rewritten.
  /// @returns where its parts go
  std::vector<tick>& begin_lines(const segment& part) {
    if (!part.stored)
      return plan_.decision->others;
    plan_.change.before.push_back(part.line);
    return plan_.change.after;
  }

  run_id id_of(const segment& part, time_point nominal) const {
    if (part.line.fate == tick_fate::fired && part.line.run)
      return run_id::of_repeat(*part.line.run, nominal);
    return run_id::of_tick(job_.name, nominal);
  }

  void fire(const segment& part, time_point nominal, std::uint64_t missed) {
    firing one;
    const auto id = id_of(part, nominal);
    one.run = make_run(job_, trigger::replay, id, now_);
    one.run.nominal_time = nominal;
    one.run.missed_count = missed;
    one.run.serial = plan_.serial;
    if (job_.start_deadline > milliseconds::zero())
      one.run.start_deadline = now_ + job_.start_deadline;
    one.tick.job = job_.name;
    one.tick.nominal_time = one.tick.to = nominal;
    one.tick.run = id;
    one.tick.reason = "replayed by " + asked_.by;
    one.overlap = overlap_;
    auto& firings
        = part.stored ? plan_.change.firings : plan_.decision->firings;
    firings.push_back(std::move(one));
    ++plan_.runs;
  }

  const job_definition& job_;
  const replay_request& asked_;
  time_point now_;
  line_cutter cutter_;
  overlap_policy overlap_ = overlap_policy::buffer_all;
  std::vector<segment> segments_;               ///< oldest first
  std::vector<std::vector<time_point>> chosen_; ///< by segment, newest first
  replay_plan plan_;
};

} // namespace

bool is_missed(const tick& line) noexcept {
  return line.fate == tick_fate::engine_down || line.fate == tick_fate::expired
         || line.fate == tick_fate::over_limit;
}

bool has_run(const tick& line) noexcept {
  return line.fate == tick_fate::fired || line.fate == tick_fate::coalesced
         || line.fate == tick_fate::skipped_overlap;
}

replay_plan plan_replay(const job_definition& job, std::vector<tick> lines,
                        const std::optional<job_cursor>& undecided,
                        const replay_request& asked, time_point now) {
  return planner{job, asked, now}.replay(std::move(lines), undecided);
}

replay_plan plan_skip(const job_definition& job, std::vector<tick> lines,
                      const std::optional<job_cursor>& undecided,
                      const replay_request& asked, time_point now) {
  return planner{job, asked, now}.skip(std::move(lines), undecided);
}

milliseconds estimate(const replay_load& one, std::uint32_t workers) {
  const auto abreast = one.serial ? 1 : std::max<std::uint64_t>(workers, 1);
  return one.mean * ((one.runs + abreast - 1) / abreast);
}

milliseconds estimate(const std::vector<replay_load>& all,
                      std::uint32_t workers) {
  milliseconds longest{0};
  milliseconds work{0};
  for (const auto& one : all) {
    longest = std::max(longest, estimate(one, workers));
    work += one.mean * one.runs;
  }
  return std::max(longest, work / std::max<std::uint32_t>(workers, 1));
}

} // namespace jobq
