#include <algorithm>
#include <filesystem>
#include <optional>
#include <random>
#include <set>
#include <string>

#include <gtest/gtest.h>
#include <stdlib.h>

#include "actors/timetable.hpp"
#include "queue/rocksdb_store.hpp"
#include "tests/actors/tick_oracle.hpp"

/// Random lives of one job, second by second: the timetable and the store on
/// one side, the oracle on the other. A seed that fails is printed; run it
/// alone with JOBQ_MODEL_SEED=N.
namespace jobq::test {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

constexpr std::uint64_t all_seeds = 1'000;
constexpr std::uint64_t seed_count = JOBQ_SANITIZED ? 100 : all_seeds;
constexpr std::uint64_t seeds_per_store = 50;

/// One store for many seeds: opening it takes longer than a life.
class model_store {
public:
  model_store() {
    auto pattern
        = (std::filesystem::temp_directory_path() / "jobq-model-XXXXXX")
              .string();
    directory_ = ::mkdtemp(pattern.data());
    rocksdb_options options;
    options.directory = directory_ / "store";
    store_ = std::move(open_rocksdb_store(options, time_point{}).value().store);
  }
  ~model_store() {
    store_.reset();
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
  }
  model_store(const model_store&) = delete;
  model_store& operator=(const model_store&) = delete;

  store& get() { return *store_; }

private:
  std::filesystem::path directory_;
  std::unique_ptr<store> store_;
};

/// A job's life, driven as the clock actor drives it.
class life {
public:
  life(store& where, std::uint64_t seed)
      : store_{where}, random_{seed}, job_{make_job(seed)},
        run_time_{seconds{1 + below(below(3) == 0 ? 900 : 30)}},
        oracle_{job_, run_time_} {}

  std::string describe() const {
    return job_.schedule_text + " in " + job_.timezone.name() + " from "
           + format_utc(begin_) + ", catchup "
           + std::string{word_of(catchup_policy_words, job_.catchup)}
           + ", overlap "
           + std::string{word_of(overlap_policy_words, job_.overlap_policy)}
           + ", gap " + std::string{word_of(dst_gap_words, job_.gap)}
           + ", runs take " + format_duration(run_time_);
  }

  void live() {
    adopt(once_in(4) ? nightly_schedule(random_) : random_schedule(random_));
    up();
    const auto length = seconds{3'600 * (1 + below(8))};
    while (elapsed_ < length && !testing::Test::HasFailure()) {
      elapsed_ += seconds{1};
      happen();
      work();
      oracle_.work(elapsed_);
      if (up_ && elapsed_ >= stalled_until_)
        look();
    }
    check();
    clean_up();
  }

  /// How many ticks came to each fate.
  const std::map<tick_fate, std::uint64_t>& seen() const { return seen_; }

private:
  std::uint64_t below(std::uint64_t n) { return random_() % n; }
  bool once_in(std::uint64_t n) { return below(n) == 0; }
  time_point wall() const { return begin_ + elapsed_ + skew_; }

  job_definition make_job(std::uint64_t seed) {
    static const char* const zones[]
        = {"UTC",           "Europe/Paris",        "America/New_York",
           "Europe/Dublin", "Australia/Lord_Howe", "Africa/Casablanca",
           "Asia/Kolkata",  "America/Sao_Paulo",   "Pacific/Chatham"};
    job_definition job;
    job.name = "s" + std::to_string(seed);
    job.extension = job.function = "test";
    job.timezone = time_zone::find(zones[below(std::size(zones))]).value();
    job.gap = static_cast<dst_gap>(below(3));
    job.overlap = static_cast<dst_overlap>(below(4));
    job.overlap_policy = static_cast<overlap_policy>(below(6));
    job.catchup = static_cast<catchup_policy>(below(4));
    job.misfire_threshold = seconds{below(180)};
    job.catchup_window = minutes{1 + below(300)};
    job.catchup_limit = static_cast<std::uint32_t>(1 + below(40));
    begin_ = time_point{seconds{946'684'800 + below(1'000'000'000)}};
    // Every other life begins in the night of a change of the clock.
    const auto change
        = job.timezone.at(std::chrono::floor<seconds>(begin_)).end;
    if (once_in(2)
        && change < std::chrono::sys_days{std::chrono::year{2037} / 1 / 1})
      begin_ = change - seconds{below(3 * 3'600)};
    return job;
  }

  void adopt(plain_schedule schedule) {
    job_.schedule_text = schedule.text;
    job_.schedule = cron_schedule::parse(schedule.text).value();
    // As far as the wall clock may come.
    auto ticks = walk(schedule, job_.timezone.name(), job_.gap, job_.overlap,
                      wall() - hours{1}, wall() + hours{60});
    for (const auto& one : ticks)
      if (!one.lost && one.at > wall())
        known_.insert(one.at);
    oracle_.edit(std::move(ticks), wall());
  }

  /// A new process: all that it knows comes from the store.
  void up() {
    table_ = timetable{};
    std::vector<job_cursor> cursors;
    auto stored = store_.cursors().value();
    for (auto& cursor : stored)
      if (cursor.job == job_.name)
        cursors.push_back(std::move(cursor));
    std::vector<job_switch> switches;
    if (!enabled_)
      switches.push_back({job_.name, false, "ann", "", wall()});
    for (const auto& one :
         table_.reset(scheduled_jobs({job_}, switches, {}, !paused_), cursors,
                      wall(), wall()))
      apply(one);
    oracle_.start(wall(), enabled_ && !paused_, paused_);
    up_ = true;
  }

  void happen() {
    if (!up_) {
      if (elapsed_ >= down_until_)
        up();
      return;
    }
    if (!once_in(400))
      return;
    switch (below(6)) {
    case 0: // it dies, and may come back with the scheduler switched off or on
      go_down();
      paused_ = once_in(4);
      break;
    case 1:
      toggle(!enabled_);
      break;
    case 2: // a step of the clock; never back beyond what the walk began with
      skew_ += seconds{std::int64_t{1} << below(13)};
      break;
    case 3:
      if (skew_ > seconds{4'000})
        skew_ -= seconds{std::int64_t{1} << below(12)};
      break;
    case 4:
      stalled_until_ = elapsed_ + seconds{below(600)};
      break;
    case 5:
      if (wall() > oracle_.position() && once_in(3))
        edit();
      break;
    }
    // No further than the walk goes.
    skew_ = std::min<milliseconds>(skew_, hours{40});
  }

  void go_down() {
    up_ = false;
    down_until_ = elapsed_ + seconds{below(once_in(3) ? 7'200 : 120)};
  }

  /// The configuration is read again with another schedule.
  void edit() {
    const auto before = job_.schedule_fingerprint();
    auto other = random_schedule(random_);
    job_.schedule = cron_schedule::parse(other.text).value();
    job_.schedule_text = other.text;
    if (job_.schedule_fingerprint() == before)
      return;
    known_.erase(known_.upper_bound(wall()), known_.end());
    adopt(std::move(other));
    up();
  }

  void toggle(bool enabled) {
    enabled_ = enabled;
    auto decision = table_.at_switch(job_.name, wall());
    const auto active = enabled && !paused_;
    decision->cursor.active = active;
    apply(command::set_switch{{job_.name, enabled, "ann", "", wall()},
                              *decision});
    table_.committed({*decision});
    table_.switched(job_.name, active, "disabled by ann");
    oracle_.toggle(wall(), elapsed_, enabled);
  }

  void look() {
    auto decisions = table_.decide(wall(), 4'000);
    if (decisions.empty()) {
      oracle_.look(wall(), elapsed_);
      return;
    }
    if (once_in(50)) { // killed before the commit
      go_down();
      return;
    }
    const command::fire what{decisions, wall()};
    apply(what);
    oracle_.look(wall(), elapsed_);
    if (once_in(20)) {
      EXPECT_EQ(apply(what).count, decisions.size());
    }
    if (once_in(50)) // killed after the commit, before anybody heard of it
      go_down();
    else
      table_.committed(decisions);
    claim();
    oracle_.work(elapsed_);
  }

  reply apply(any_command what) {
    std::vector<any_command> batch{std::move(what)};
    auto report = store_.apply(batch, durability::async);
    EXPECT_TRUE(report) << report.error().message;
    if (!report || !report->replies.at(0))
      return {};
    claimable_ = report->claimable;
    auto answer = *report->replies.at(0);
    for (const auto* stopped : {&answer.to_cancel, &answer.to_terminate})
      for (const auto& which : *stopped)
        for (auto& one : running_)
          if (one.what.id == which.run) {
            one.end = std::min<milliseconds>(one.end, elapsed_ + seconds{1});
            one.stopped = true;
          }
    return answer;
  }

  void work() {
    for (std::size_t i = 0; i < running_.size();) {
      if (running_[i].end > elapsed_) {
        ++i;
        continue;
      }
      const auto ended = running_[i];
      running_.erase(running_.begin() + static_cast<std::ptrdiff_t>(i));
      attempt end;
      end.number = ended.what.attempt;
      end.started_at = ended.what.started_at.value_or(wall());
      end.finished_at = wall();
      if (ended.stopped)
        end.outcome.kind = outcome_kind::cancelled;
      apply(finish_of(ended.what.id, std::move(end)));
    }
    claim();
  }

  void claim() {
    if (!claimable_)
      return;
    const auto taken = apply(command::claim{"model", 1'000, wall()});
    for (const auto& one : taken.runs)
      running_.push_back({*one, elapsed_ + run_time_, false});
  }

  /// The ledger against the oracle, tick by tick.
  void check() {
    tick_filter filter;
    filter.job = job_.name;
    filter.limit = 1'000'000;
    std::map<time_point, tick_fate> told;
    const auto lines = store_.list_ticks(filter).value();
    for (const auto& line : lines) {
      std::uint64_t count = 0;
      const auto tell = [&](time_point at) {
        ++count;
        EXPECT_TRUE(told.emplace(at, line.fate).second)
            << format_utc(at) << " has two fates";
        if (line.fate == tick_fate::coalesced) {
          const auto stand_in = oracle_.stand_ins().find(at);
          ASSERT_NE(stand_in, oracle_.stand_ins().end()) << format_utc(at);
          EXPECT_EQ(line.run, run_id::of_tick(job_.name, stand_in->second));
        }
      };
      if (line.count == 1)
        tell(line.nominal_time);
      else
        for (auto at = known_.lower_bound(line.nominal_time);
             at != known_.end() && *at <= line.to; ++at)
          tell(*at);
      EXPECT_EQ(count, line.count) << "from " << format_utc(line.nominal_time)
                                   << " to " << format_utc(line.to);
      if (line.fate == tick_fate::fired) {
        const auto made = store_.find_run(*line.run);
        ASSERT_TRUE(made) << format_utc(line.nominal_time);
        EXPECT_EQ(made->nominal_time, line.nominal_time);
      }
    }
    for (const auto& [at, fate] : oracle_.fates()) {
      const auto found = told.find(at);
      if (found == told.end())
        ADD_FAILURE() << format_utc(at) << " has no fate, expected "
                      << word_of(tick_fate_words, fate);
      else
        EXPECT_EQ(word_of(tick_fate_words, found->second),
                  word_of(tick_fate_words, fate))
            << format_utc(at);
      if (testing::Test::HasFailure())
        return;
    }
    EXPECT_EQ(told.size(), oracle_.fates().size());
    for (const auto& [_, fate] : told)
      ++seen_[fate];
  }

  void clean_up() {
    while (!running_.empty() || claimable_) {
      elapsed_ += run_time_ + seconds{1};
      work();
    }
    apply(command::forget_job{job_.name});
  }

  struct running_run {
    run what;
    milliseconds end;
    bool stopped = false;
  };

  store& store_;
  std::mt19937_64 random_;
  time_point begin_{};
  job_definition job_;
  milliseconds run_time_;
  tick_oracle oracle_;
  timetable table_;
  std::set<time_point> known_; ///< ticks of the schedules that were in force
  milliseconds elapsed_{0};
  milliseconds skew_{0};
  milliseconds down_until_{0};
  milliseconds stalled_until_{0};
  bool up_ = false;
  bool enabled_ = true;
  bool paused_ = false;
  bool claimable_ = false;
  std::vector<running_run> running_;
  std::map<tick_fate, std::uint64_t> seen_;
};

TEST(time_model, every_tick_has_the_fate_that_brute_force_finds) {
  std::optional<model_store> where;
  std::map<tick_fate, std::uint64_t> fates;
  std::uint64_t first = 1;
  auto last = seed_count;
  if (const auto* only = ::getenv("JOBQ_MODEL_SEED"))
    first = last = std::stoull(only);
  for (auto seed = first; seed <= last; ++seed) {
    if (!where || seed % seeds_per_store == 0)
      where.emplace();
    life one{where->get(), seed};
    one.live();
    for (const auto& [fate, count] : one.seen())
      fates[fate] += count;
    if (HasFailure())
      FAIL() << "seed " << seed << ": " << one.describe()
             << "\nrun it alone: JOBQ_MODEL_SEED=" << seed;
  }
  if (last - first + 1 < all_seeds)
    return;
  // A model that never meets a fate says nothing about it.
  for (const auto& [fate, word] : tick_fate_words)
    EXPECT_GT(fates[fate], 0U) << word;
}

} // namespace
} // namespace jobq::test
