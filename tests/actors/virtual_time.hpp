#pragma once

#include <deque>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <caf/actor_registry.hpp>
#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/scheduler/test_coordinator.hpp>
#include <caf/send.hpp>
#include <gtest/gtest.h>

#include "actors/commit_desk.hpp"
#include "actors/keeper.hpp"
#include "actors/supervisor.hpp"
#include "queue/committer.hpp"
#include "queue/rocksdb_store.hpp"

namespace jobq {

/// Runs functions inline, or keeps them until the test ends them.
class scripted_executor : public executor {
public:
  void start(const run& what, attempt_observer observer) override;
  void stop(const run_id& id, stop_reason why) override;

  /// Ends an attempt that is being held.
  void end(const run_id& id, const outcome& result);

  /// What a job's function does; a job without a script succeeds at once.
  std::map<std::string, std::function<outcome(const run&)>> scripts;
  /// Jobs whose attempts last until `end`.
  std::map<std::string, bool> held_jobs;
  /// Jobs whose start throws out of the executor.
  std::map<std::string, bool> broken_jobs;
  bool obedient = true; ///< a held attempt ends when it is stopped

  std::map<run_id, attempt_observer> held;
  std::vector<run> started;
  std::vector<std::pair<run_id, stop_reason>> stopped;
};

/// A commit queue that can be told to refuse.
class breakable_committer : public commit_queue {
public:
  explicit breakable_committer(store& target);
  void submit(any_command what, commit_callback done) override;
  void claim_for(claimer who) override;
  void want(std::uint32_t runs) override;
  void stop_claiming(commit_callback done) override;
  void on_pulse(pulse_callback callback) override;

  std::optional<error> broken;
  std::uint64_t fires = 0;       ///< commands of this kind seen
  std::set<std::uint64_t> fails; ///< refuses these of them, as busy
  bool holds = false;            ///< keeps them until `release`
  bool holds_claims = false;     ///< keeps what is claimed until `release`

  /// Carries out, and tells of, what is held, in order.
  void release();
  std::size_t held() const { return held_.size(); }

private:
  commit_callback held_back(commit_callback done);

  std::unique_ptr<commit_queue> real_;
  std::deque<std::function<void()>> untold_;
  claimer who_;
  std::deque<std::pair<any_command, commit_callback>> held_;
};

/// The engine's actors under the test scheduler: time passes when the test says
/// so, and everything that follows from it has happened when `pass` returns.
class virtual_time : public testing::Test {
protected:
  virtual_time();
  ~virtual_time() override;

  /// Starts the actors on the configuration.
  void begin();
  /// Stops them in order, as the engine does.
  void halt();
  /// Drops everything in memory without a word, and opens the store again.
  void crash();

  void pass(std::chrono::nanoseconds by);
  /// Sees the commits through that are held, and what follows from them.
  void release_commits();
  /// Time passes and nobody looks: the process is stopped.
  void stand_still(milliseconds by);
  time_point now() const;
  /// Whether a line of the log contains this.
  bool said(std::string_view text) const;
  /// How many actors there are.
  std::size_t actors() const { return system_->registry().running(); }
  /// Moves the wall clock alone.
  void step_clock(milliseconds by) { skew_ += by; }

  job_definition& add_job(const std::string& name, const char* schedule);

  /// A run of a job that is in the configuration, or has its defaults.
  run made_run(const std::string& job) const;
  run enqueue(const std::string& job);
  result<job_switch> toggle(const std::string& job, bool enabled);
  result<reply> submit(any_command what);

  std::vector<completion> history(const std::string& job = {}) const;
  std::vector<tick> ticks(const std::string& job) const;
  std::map<tick_fate, std::uint64_t> fates(const std::string& job) const;

  configuration config_;
  engine_options options_;
  scripted_executor executor_;
  std::vector<std::string> log_;
  std::function<std::string(const job_definition&)> why_not_;
  /// Throws from the clock's next look at the time.
  bool break_clock_ = false;
  /// Throws from the next log line that contains this.
  std::string break_logger_;
  std::optional<std::string> failure_;

  std::unique_ptr<store> store_;
  std::unique_ptr<breakable_committer> commits_;
  std::shared_ptr<commit_desk> desk_;
  std::shared_ptr<feed_hub> feeds_;
  std::shared_ptr<live_board> board_;
  std::shared_ptr<supervisor_view> view_;
  supervisor_actor supervisor_;
  keeper_actor keeper_;
  std::vector<run> recovered_;

private:
  void open();
  void settle();

  std::filesystem::path directory_;
  caf::actor_system_config settings_;
  std::unique_ptr<caf::actor_system> system_;
  caf::scheduler::test_coordinator* scheduler_ = nullptr;
  time_point base_{};
  milliseconds skew_{0};
  milliseconds elapsed_{0}; ///< in systems that crashed
};

} // namespace jobq
