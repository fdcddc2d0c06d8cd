#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include <gtest/gtest.h>
#include <unistd.h>

#include "queue/rocksdb_store.hpp"
#include "queue/store.hpp"

namespace jobq::test {

/// Noon of a quiet day; times in tests are this plus something.
inline time_point at(std::int64_t seconds_later) {
  return time_point{milliseconds{1'800'000'000'000}} + seconds{seconds_later};
}

/// A directory that goes with the test.
class scratch_directory {
public:
  scratch_directory() {
    auto pattern
        = (std::filesystem::temp_directory_path() / "jobq-XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
  }
  ~scratch_directory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  scratch_directory(const scratch_directory&) = delete;
  scratch_directory& operator=(const scratch_directory&) = delete;

  const std::filesystem::path& path() const { return path_; }

private:
  std::filesystem::path path_;
};

/// How the conformance suite gets at an implementation of `store`.
class store_harness {
public:
  virtual ~store_harness() = default;

  /// Opens it; afterwards `found` has what opening found.
  virtual void open(time_point now) = 0;

  /// Lets go of it as a dying process would, without a shutdown.
  virtual void die() = 0;

  store& get() { return *found.store; }

  opened_store found;
};

class rocksdb_harness : public store_harness {
public:
  void open(time_point now) override {
    options.directory = directory.path() / "store";
    auto opened = open_rocksdb_store(options, now);
    ASSERT_TRUE(opened) << opened.error().message;
    found = std::move(*opened);
  }
  void die() override { found = {}; }

  scratch_directory directory;
  rocksdb_options options;
};

inline run_id id_of(std::uint64_t number, time_point created = at(0)) {
  auto ms = static_cast<std::uint64_t>(created.time_since_epoch().count());
  run_id::bytes raw{};
  for (std::size_t i = 0; i < 6; ++i)
    raw[i] = static_cast<std::uint8_t>(ms >> (40 - 8 * i));
  for (std::size_t i = 0; i < 8; ++i)
    raw[8 + i] = static_cast<std::uint8_t>(number >> (56 - 8 * i));
  return run_id{raw};
}

inline run make_run(std::uint64_t number, const std::string& job = "job") {
  run value;
  value.id = id_of(number);
  value.job = job;
  value.extension = "test";
  value.function = "work";
  value.trigger = trigger::api;
  value.max_attempts = 3;
  value.backoff.jitter = 0;
  value.created_at = at(0);
  value.scheduled_at = at(0);
  return value;
}

inline attempt make_attempt(const run& value, outcome_kind kind,
                            time_point finished) {
  attempt ended;
  ended.number = value.attempt;
  ended.started_at = value.started_at.value_or(finished);
  ended.finished_at = finished;
  ended.outcome.kind = kind;
  if (kind != outcome_kind::succeeded)
    ended.outcome.error = "it did not work";
  return ended;
}

inline firing make_firing(std::int64_t nominal, overlap_policy policy,
                          const std::string& job = "cron") {
  firing what;
  what.run = make_run(0, job);
  what.run.id = run_id::of_tick(job, at(nominal));
  what.run.trigger = trigger::schedule;
  what.run.nominal_time = at(nominal);
  what.run.scheduled_at = at(nominal);
  what.run.serial = policy != overlap_policy::allow_all;
  what.tick
      = {job, at(nominal), at(nominal), 1, tick_fate::fired, what.run.id, {}};
  what.overlap = policy;
  return what;
}

inline tick_decision decide_at(std::int64_t from, std::int64_t nominal,
                               overlap_policy policy = overlap_policy::skip,
                               const std::string& job = "cron") {
  tick_decision what;
  what.cursor = {job, at(nominal), "f"};
  what.decided_from = at(from);
  what.firings.push_back(make_firing(nominal, policy, job));
  return what;
}

/// Verbs in short, for one command each.
class store_user {
public:
  explicit store_user(store_harness& harness) : harness_{harness} {}

  result<reply> apply(any_command what, durability how = durability::async) {
    std::vector<any_command> batch{std::move(what)};
    last = harness_.get().apply(batch, how);
    if (!last)
      return tl::unexpected{last.error()};
    return last->replies.at(0);
  }
  reply must(any_command what) {
    auto answer = apply(std::move(what));
    EXPECT_TRUE(answer) << answer.error().message;
    EXPECT_TRUE(!answer || answer->refused.empty())
        << answer->refused.front().why.message;
    return answer.value_or(reply{});
  }
  /// Why an attempt's end is refused, while its command is not.
  errc refused_end(const run_id& id, attempt ended) {
    auto answer = apply(finish_of(id, std::move(ended)));
    EXPECT_TRUE(answer) << answer.error().message;
    if (!answer || answer->refused.size() != 1)
      return errc::internal;
    EXPECT_EQ(answer->refused[0].index, 0U);
    EXPECT_TRUE(answer->runs.empty());
    return answer->refused[0].why.code;
  }
  errc refusal(any_command what) {
    auto answer = apply(std::move(what));
    EXPECT_FALSE(answer);
    return answer ? errc::internal : answer.error().code;
  }
  reply enqueue(run value) {
    return must(command::enqueue{{std::move(value)}});
  }
  std::vector<run> claim(std::uint32_t limit = 1, time_point now = at(1)) {
    std::vector<run> taken;
    for (const auto& one : must(command::claim{"me", limit, now}).runs)
      taken.push_back(*one);
    return taken;
  }
  reply finish(const run& value, outcome_kind kind = outcome_kind::succeeded,
               time_point now = at(2), std::string log = {}) {
    return must(
        finish_of(value.id, make_attempt(value, kind, now), std::move(log)));
  }
  run get(const run_id& id) {
    auto value = harness_.get().find_run(id);
    EXPECT_TRUE(value) << value.error().message;
    return value.value_or(run{});
  }
  std::vector<run> list(run_filter filter) {
    auto all = harness_.get().list_runs(filter);
    EXPECT_TRUE(all) << all.error().message;
    return all.value_or(std::vector<run>{});
  }
  std::vector<completion> history(history_filter filter = {}) {
    auto all = harness_.get().list_history(filter);
    EXPECT_TRUE(all) << all.error().message;
    return all.value_or(std::vector<completion>{});
  }
  std::vector<tick> ticks(tick_filter filter = {}) {
    auto all = harness_.get().list_ticks(filter);
    EXPECT_TRUE(all) << all.error().message;
    return all.value_or(std::vector<tick>{});
  }
  job_statistics of_job(const std::string& name) {
    auto all = harness_.get().statistics_by_job();
    EXPECT_TRUE(all);
    for (auto& one : all.value())
      if (one.job == name)
        return one;
    return {};
  }
  void reopen(time_point now = at(100)) {
    harness_.die();
    harness_.open(now);
  }

  result<commit_report> last;

private:
  store_harness& harness_;
};

} // namespace jobq::test
