#pragma once

#include <chrono>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include <rocksdb/write_batch.h>

#include "jobs/transition.hpp"
#include "queue/batch_writer.hpp"
#include "queue/codec.hpp"
#include "queue/keys.hpp"
#include "queue/ready_window.hpp"
#include "queue/rocksdb_database.hpp"
#include "queue/rocksdb_store.hpp"
#include "queue/rocksdb_view.hpp"
#include "queue/row_reader.hpp"
#include "queue/run_table.hpp"
#include "queue/store.hpp"

namespace jobq {

/// A job as the writer knows it.
struct job_state {
  job_state(const rocksdb_database& db, keys::name_id number,
            std::string job_name)
      : id{number}, name{std::move(job_name)}, parked{db,
                                                      keys::parked_prefix(id),
                                                      {},
                                                      64},
        unfinished{db, keys::unfinished_prefix(id), {}} {}

  keys::name_id id;
  std::string name;
  codec::job_counters counters;
  bool touched = false;   ///< by this batch
  bool recounted = false; ///< by this batch, with something else than a claim
  std::optional<job_cursor> cursor;
  std::set<run_id> running_scheduled; ///< those that stand in for ticks
  std::optional<run_id> running_serial;
  /// A run that came back from `parked` and has not been claimed yet: while
  /// there is one, nobody else has to be called.
  std::optional<run_id> released;
  bool may_have_parked = false;
  ready_window parked;
  ready_window unfinished;
  std::string tick_floor; ///< no tick's key lies below, as far as known
  /// No tick ended before, as far as known.
  std::optional<time_point> oldest_tick;
};

struct queue_state {
  static constexpr std::size_t ready_capacity = 16'384;

  queue_state(const rocksdb_database& db, keys::name_id number,
              std::string queue_name, std::string mark)
      : id{number}, name{std::move(queue_name)}, low_water{mark},
        ready{db, keys::ready_prefix(number), std::move(mark), ready_capacity} {
  }

  keys::name_id id;
  std::string name;
  codec::queue_counters counters;
  bool touched = false; ///< as of a job
  bool recounted = false;
  std::string low_water;     ///< as on disk
  std::uint64_t deletes = 0; ///< since it was written
  ready_window ready;
};

/// The store's one writer: carries out commands on its own picture of the state
/// while building a batch, then has it written and shown to readers.
///
/// Its picture runs ahead of the disk by the batch being built, and by those
/// that are still being written: what they changed stays in memory until they
/// are settled. That is safe since a batch that fails poisons the writer:
/// nothing reads the picture again, and readers only ever see what is written.
class rocksdb_writer {
public:
  rocksdb_writer(rocksdb_database& db, store_view& view,
                 const rocksdb_options& options);

  /// Reads what has to be in memory. Work is bounded by the numbers of jobs,
  /// queues and running runs, not by the depth of the queues.
  result<void> load();

  /// Ends what a dead engine was running; fills in `found`.
  result<void> recover(time_point now, opened_store& found);

  result<commit_report> apply(std::span<any_command> batch, durability how);

  /// As `apply`, but the batch is written beside what comes next.
  result<commit_report> begin(std::span<any_command> batch);

  /// The way to what `begin` has begun. From any thread.
  batch_writer& writes() { return writes_; }

private:
  /// On its way to become what all others share.
  using changed_run = std::shared_ptr<codec::stored_run>;

  /// What a change means to counters. Final runs are in none of these.
  struct state_change {
    std::optional<run_state> from; ///< empty: it was not there
    run_state to;
    jobq::trigger trigger;
  };

  /// What batches changed that may not be written yet.
  struct unsettled {
    std::uint64_t number = 0;
    std::vector<job_state*> jobs;
    std::vector<queue_state*> queues;
    bool timers = false;
  };

  // The commands: rocksdb_commands.cpp, rocksdb_fire.cpp, rocksdb_expire.cpp
  result<reply> carry_out(command::enqueue& c);
  result<reply> carry_out(const command::fire& c);
  result<reply> carry_out(const command::claim& c);
  result<reply> carry_out(const command::finish& c);
  result<reply> carry_out(const command::promote& c);
  result<reply> carry_out(const command::cancel& c);
  result<reply> carry_out(const command::retry& c);
  result<reply> carry_out(const command::discard& c);
  result<reply> carry_out(const command::set_switch& c);
  result<reply> carry_out(const command::replay& c);
  result<reply> carry_out(const command::forget_job& c);
  result<reply> carry_out(const command::expire& c);
  result<void> finish_one(const attempt_end& what, reply& answer);
  result<reply> change_one(const run_id& id, const run_event& what);

  // Claiming: rocksdb_claim.cpp
  result<queue_state*> best_queue();
  result<void> take_one(queue_state& queue, const command::claim& c,
                        reply& answer, codec::claim_record& record);
  void begin(run_state was, shared_run what, queue_state& queue, job_state& job,
             codec::claim_record& record);
  void park(job_state& job, const run& what);
  void release_next(job_state& job);
  void call_in_place_of(const run_id& id);
  void let_go_serial(job_state& job, const run& before);

  // What can't be read: rocksdb_unread.cpp
  void note_unread(const run_id& id, const error& why);
  /// Leaves the head of a window where it is.
  void pass_over(ready_window& window, const run_id& id, const error& why);
  void retry_later();
  void bring_back();
  std::size_t batch_size() const;
  tl::unexpected<error> give_up(error why, std::size_t size_before);

  // Firing: rocksdb_fire.cpp
  result<void> decide(const tick_decision& decision, time_point now,
                      reply& answer);
  result<void> fire_one(job_state& job, const firing& what, time_point now,
                        std::map<run_id, std::string>& skipped, reply& answer);
  result<void> drop_waiting(job_state& job, time_point now, reply& answer);
  result<void> mark_running(job_state& job, time_point now,
                            std::vector<attempt_id>& to);
  result<std::string> name_unfinished(job_state& job);
  void write_tick(job_state& job, tick line, reply& answer);
  void write_others(job_state& job, const std::vector<tick>& lines,
                    const std::map<run_id, std::string>& skipped,
                    reply& answer);

  // Replaying: rocksdb_replay.cpp
  result<void> rewrite(const ledger_change& change, time_point now,
                       reply& answer);
  result<void> can_read(const ledger_change& change);
  result<bool> stands(job_state& job, const tick& line);

  // Expiry: rocksdb_expire.cpp
  result<std::uint64_t> expire_runs(run_state state, time_point before,
                                    std::uint64_t limit, std::uint64_t& looks);
  result<bool> expire_chunk(const std::string& key, run_state state,
                            time_point before, std::uint64_t limit,
                            std::uint64_t& count);
  void write_chunk(const std::string& key, const codec::chunk& before,
                   const codec::chunk& after);
  result<void> erase_run(const codec::chunk_entry& entry);
  /// @param looks that are left in this command
  result<std::uint64_t> expire_ticks(time_point before, std::uint64_t limit,
                                     std::uint64_t& looks);

  // One run's change: rocksdb_change.cpp
  /// @returns the run as this batch sees it, or `not_found`
  result<shared_run> find(const run_id& id);
  /// As `find`, a copy that nobody else has.
  /// @param known its entry in `known_`, if it has one
  result<changed_run> find_to_change(const run_id& id,
                                     const run_table::entry* known);
  result<changed_run> read(const run_id& id);
  result<bool> exists(const run_id& id);
  result<void> add(run&& value);
  /// Applies an event to a run and records all that follows from it.
  result<shared_run> change(const shared_run& before, const run_event& what,
                            reply* answer);
  shared_run replace(const shared_run& before, changed_run after,
                     reply* answer);
  void unindex(const run& before, const run& after, job_state& job);
  /// @returns whether a claim may want it soon
  bool index(const run& after, job_state& job);
  void count(const state_change& what, queue_state& queue, job_state& job);
  static void count_in(const state_change& what, codec::job_counters& in);
  static void count_in(const state_change& what, codec::queue_counters& in);
  void complete(codec::stored_run& after, job_state& job);
  void end_running(const run_id& id, run_table::entry& known, job_state& job);
  void store_log(codec::stored_run& value, std::uint32_t attempt,
                 const std::string& log);

  // Names: rocksdb_change.cpp
  job_state& job(const std::string& name);
  queue_state& queue(const std::string& name);
  void touch(job_state& one) {
    if (!std::exchange(one.touched, true))
      touched_jobs_.push_back(&one);
  }
  void touch(queue_state& one) {
    if (!std::exchange(one.touched, true))
      touched_queues_.push_back(&one);
  }

  // The batch: rocksdb_writer.cpp
  void put(family where, std::string_view key, std::string_view value) {
    batch_.rows.Put(db_.handle(where), slice_of(key), slice_of(value));
  }
  void remove(family where, std::string_view key) {
    batch_.rows.Delete(db_.handle(where), slice_of(key));
  }
  template <class Write>
  result<commit_report> carry_out_all(std::span<any_command> batch,
                                      Write write);
  void begin_batch();
  void settle();
  void close_batch();
  result<void> write_batch(durability how);
  void write_counters();
  void write_history();
  void write_marks();
  view_change changes();
  queue_view view_of(const queue_state& queue) const;
  result<bool> claimable();
  result<std::optional<time_point>> next_due();
  result<void> check_space();
  error poison(error cause);

  // Loading: rocksdb_load.cpp
  result<void> load_meta();
  result<void> load_newest();
  result<void> load_claims();
  result<void> load_parked();
  result<void> load_claim(std::uint64_t number, const codec::claim_record& r);
  void take_up(const shared_run& value, job_state& job, std::uint64_t claim);
  void see_claims_below(std::uint64_t number);
  void recount(run_state was, const run& after, std::uint64_t claim);

  rocksdb_database& db_;
  store_view& view_;
  rocksdb_options options_;
  std::optional<error> poison_;
  std::chrono::steady_clock::time_point space_checked_{};
  std::uint64_t free_bytes_ = 0;

  std::unordered_map<std::string, std::unique_ptr<job_state>> jobs_;
  std::map<keys::name_id, job_state*> jobs_by_id_;
  std::map<std::string, std::unique_ptr<queue_state>> queues_;
  ready_window timers_;
  std::string timers_low_water_;
  std::uint64_t timer_deletes_ = 0;
  run_table known_;
  row_reader runs_; ///< those that are not in it
  run_id newest_;   ///< no run has a greater one; mostly that of the latest
  std::map<std::uint64_t, std::uint64_t> claims_; ///< members left
  std::uint64_t last_claim_ = 0;
  std::uint64_t claim_mark_ = 0; ///< last_claim_ when the mark was written
  std::uint64_t last_sequence_ = 0;
  codec::expiry_marks expiry_;

  // Of the batch being built.
  std::chrono::steady_clock::time_point batch_begun_{};
  built_batch batch_;
  std::uint64_t last_batch_ = 0; ///< the latest that was closed
  std::deque<unsettled> unsettled_;
  std::string record_; ///< the latest run's, for its memory
  std::map<std::string, codec::chunk> chunks_; ///< rewritten by expiry
  codec::chunk completed_;
  std::set<std::string> rewritten_; ///< ledger lines that a replay replaced
  /// Why a command of this batch was given up with part of it carried out, so
  /// that the batch must not be written.
  std::optional<error> half_done_;
  std::vector<error> unread_;       ///< for the next answer that tells of them
  std::set<ready_window*> aside_;   ///< those that something was set aside of
  std::set<job_state*> unreleased_; ///< their parked runs couldn't be read
  std::optional<std::chrono::steady_clock::time_point> retry_unread_at_;
  std::vector<job_state*> touched_jobs_;
  std::vector<queue_state*> touched_queues_;
  bool timers_touched_ = false;
  std::vector<std::pair<run_id, shared_run>> running_changes_; ///< null: ended

  batch_writer writes_; ///< ends first: it shows names of jobs
};

} // namespace jobq
