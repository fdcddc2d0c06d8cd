#pragma once

#include <algorithm>
#include <condition_variable>
#include <cstdint>
#include <future>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "queue/committer.hpp"
#include "queue/store.hpp"

namespace jobq::test {

/// Answers every command with its position in the order of arrival, and can be
/// made to fail, throw, or wait in a sync commit. What is enqueued is there for
/// claims.
class fake_store final : public store {
public:
  result<commit_report> apply(std::span<any_command> batch,
                              durability how) override {
    std::unique_lock lock{mutex};
    batches.push_back({batch.size(), how});
    changed.notify_all();
    if (throws)
      throw std::runtime_error{"boom"};
    if (fails)
      return fail(errc::store_failed, "the disk is gone");
    commit_report report;
    for (const auto& command : batch) {
      reply one;
      one.count = ++applied;
      if (const auto* fresh = std::get_if<command::enqueue>(&command))
        available += fresh->runs.size();
      const auto* claim = std::get_if<command::claim>(&command);
      if (claim != nullptr && claim_fails)
        report.replies.emplace_back(
            fail(errc::store_corrupt, "a damaged record"));
      else if (claim != nullptr)
        report.replies.emplace_back(carry_out(*claim, one));
      else
        report.replies.emplace_back(one);
    }
    report.number = batches.size();
    report.claimable = available > 0;
    report.next_due = time_point{seconds{9}};
    return report;
  }

  result<commit_report> begin(std::span<any_command> batch) override {
    {
      std::lock_guard lock{mutex};
      ++begun;
    }
    return apply(batch, durability::async);
  }

  result<std::uint64_t> persist(std::uint64_t commit, durability how) override {
    if (how == durability::async)
      return commit;
    std::unique_lock lock{mutex};
    ++syncs;
    changed.notify_all();
    changed.wait(lock, [this] { return !closed || syncs <= open_syncs; });
    if (sync_fails)
      return fail(errc::store_failed, "the disk is gone");
    return batches.size();
  }

  result<run> find_run(const run_id&) const override { return run{}; }
  result<std::vector<run>> list_runs(const run_filter&) const override {
    return {};
  }
  result<std::vector<completion>>
  list_history(const history_filter&) const override {
    return {};
  }
  result<std::vector<tick>> list_ticks(const tick_filter&) const override {
    return {};
  }
  result<std::vector<job_cursor>> cursors() const override { return {}; }
  result<std::vector<job_switch>> switches() const override { return {}; }
  result<std::string> read_log(const run_id&, std::uint32_t) const override {
    return {};
  }
  result<std::vector<job_statistics>> statistics_by_job() const override {
    return {};
  }
  result<store_statistics> statistics() const override { return {}; }

  reply carry_out(const command::claim& what, reply one) {
    claims.push_back(what);
    one.runs.resize(std::min<std::size_t>(what.limit, available));
    available -= one.runs.size();
    one.unread = std::exchange(unread, {});
    return one;
  }

  struct seen_batch {
    std::size_t size;
    durability how;
  };

  void gate(bool shut) {
    {
      std::lock_guard lock{mutex};
      closed = shut;
    }
    changed.notify_all();
  }
  void wait_for_syncs(int count) {
    std::unique_lock lock{mutex};
    changed.wait(lock, [&] { return syncs >= count; });
  }
  void wait_for_batches(std::size_t count) {
    std::unique_lock lock{mutex};
    changed.wait(lock, [&] { return batches.size() >= count; });
  }

  std::mutex mutex;
  std::condition_variable changed;
  std::vector<seen_batch> batches;
  std::uint64_t applied = 0;
  std::size_t available = 0;
  std::vector<command::claim> claims;
  std::vector<error> unread; ///< by the next claim
  bool claim_fails = false;
  bool closed = false;
  bool fails = false;
  bool throws = false;
  bool sync_fails = false;
  int syncs = 0;
  int begun = 0;
  int open_syncs = 0; ///< so many pass a closed gate
};

/// Collects answers in order.
struct answers {
  commit_callback collect() {
    return [this](result<reply> one) {
      std::lock_guard lock{mutex};
      all.push_back(std::move(one));
      changed.notify_all();
    };
  }
  /// Has what is claimed collected too.
  claimer claim(time_point now = {}) {
    return {"me", [now] { return now; }, collect()};
  }
  void wait_for(std::size_t count) {
    std::unique_lock lock{mutex};
    changed.wait(lock, [&] { return all.size() >= count; });
  }

  std::mutex mutex;
  std::condition_variable changed;
  std::vector<result<reply>> all;
};

inline command::enqueue new_runs(std::size_t count) {
  command::enqueue what;
  what.runs.resize(count);
  return what;
}

/// What a command came to.
inline result<reply> perform(commit_queue& queue, any_command what) {
  answers got;
  queue.submit(std::move(what), got.collect());
  got.wait_for(1);
  std::lock_guard lock{got.mutex};
  return got.all[0];
}

/// Has all of it wait together: holds the committer in the answer to a command
/// before it meanwhile.
template <class Submit>
void hold_and_submit(commit_queue& queue, Submit submit) {
  std::promise<void> rest;
  const auto held = std::make_shared<std::promise<void>>();
  queue.submit(command::cancel{},
               [held, all_there = rest.get_future().share()](result<reply>) {
                 held->set_value();
                 all_there.wait();
               });
  held->get_future().wait();
  submit();
  rest.set_value();
}

} // namespace jobq::test
