#pragma once

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <utility>

#include "tests/queue/store_harness.hpp"

namespace jobq::test {

/// Holds up each write for a moment, so that batches are built ahead of it,
/// unless somebody waits for it.
class write_gate {
public:
  void pass() {
    std::unique_lock lock{mutex_};
    changed_.wait_for(lock, std::chrono::milliseconds{1},
                      [this] { return hurried_ > 0; });
  }

  template <class Call>
  auto hurry(Call call) {
    set(1);
    auto came = call();
    set(-1);
    return came;
  }

private:
  void set(int more) {
    std::lock_guard lock{mutex_};
    hurried_ += more;
    changed_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  int hurried_ = 0;
};

/// A store that begins batches and waits for them when somebody reads.
class ahead_store final : public store {
public:
  ahead_store(std::unique_ptr<store> inner, std::shared_ptr<write_gate> gate)
      : inner_{std::move(inner)}, gate_{std::move(gate)} {}

  result<commit_report> apply(std::span<any_command> batch,
                              durability how) override {
    auto report = inner_->begin(batch);
    if (!report)
      return report;
    last_ = report->number;
    if (how == durability::sync)
      if (auto ok = persist(last_, how); !ok)
        return tl::unexpected{ok.error()};
    return report;
  }
  result<std::uint64_t> persist(std::uint64_t commit, durability how) override {
    return gate_->hurry([&] { return inner_->persist(commit, how); });
  }

  result<run> find_run(const run_id& id) const override {
    return written().find_run(id);
  }
  result<std::vector<run>> list_runs(const run_filter& filter) const override {
    return written().list_runs(filter);
  }
  result<std::vector<completion>>
  list_history(const history_filter& filter) const override {
    return written().list_history(filter);
  }
  result<std::vector<tick>>
  list_ticks(const tick_filter& filter) const override {
    return written().list_ticks(filter);
  }
  result<std::vector<job_cursor>> cursors() const override {
    return written().cursors();
  }
  result<std::vector<job_switch>> switches() const override {
    return written().switches();
  }
  result<std::string> read_log(const run_id& id,
                               std::uint32_t attempt) const override {
    return written().read_log(id, attempt);
  }
  result<std::vector<job_statistics>> statistics_by_job() const override {
    return written().statistics_by_job();
  }
  result<store_statistics> statistics() const override {
    return written().statistics();
  }

private:
  store& written() const {
    gate_->hurry([&] { return inner_->persist(last_, durability::async); });
    return *inner_;
  }

  std::unique_ptr<store> inner_;
  std::shared_ptr<write_gate> gate_;
  std::uint64_t last_ = 0;
};

class ahead_harness : public rocksdb_harness {
public:
  void open(time_point now) override {
    auto gate = std::make_shared<write_gate>();
    options.before_write = [gate]() -> result<void> {
      gate->pass();
      return {};
    };
    rocksdb_harness::open(now);
    if (found.store)
      found.store = std::make_unique<ahead_store>(std::move(found.store), gate);
  }
};

} // namespace jobq::test
