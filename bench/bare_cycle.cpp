#include <algorithm>
#include <condition_variable>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>
#include <caf/stateful_actor.hpp>

#include "actors/protocol.hpp"
#include "bench/closed_loop.hpp"
#include "bench/measurement.hpp"
#include "bench/progress_bar.hpp"
#include "bench/rig.hpp"
#include "queue/keys.hpp"
#include "queue/rocksdb_database.hpp"

namespace jobq::bench {

/// What an engine that does nothing but run knows of a run.
struct bare_run {
  std::uint64_t number = 0;
  std::shared_ptr<const std::string> row; ///< null once it has ended
};

using bare_runs = std::vector<bare_run>;

} // namespace jobq::bench

CAF_BEGIN_TYPE_ID_BLOCK(jobq_bench, caf::id_block::jobq_handles::end)
CAF_ADD_TYPE_ID(jobq_bench, (jobq::bench::bare_run))
CAF_ADD_TYPE_ID(jobq_bench, (jobq::bench::bare_runs))
CAF_END_TYPE_ID_BLOCK(jobq_bench)

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(jobq::bench::bare_run)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(jobq::bench::bare_runs)

namespace jobq::bench {
namespace {

/// Of a row beside its parameters.
constexpr std::size_t row_bytes = 100;
constexpr std::size_t history_bytes = 120;
constexpr std::size_t max_batch_bytes = 1 << 20;

std::string key_of(std::uint64_t number) {
  std::string key(16, 'k');
  keys::put64(key, number);
  return key;
}

/// One thread that commits all that waits, and again. A new run is put; one
/// that has ended becomes a row of the history.
class bare_committer {
public:
  /// @param committed called on its thread after each commit
  bare_committer(rocksdb_database& db, bool sync,
                 std::function<void(bare_runs)> committed)
      : db_{db}, sync_{sync}, committed_{std::move(committed)}, thread_{[this] {
          work();
        }} {}

  ~bare_committer() { stop(); }

  void submit(bare_run one) {
    bool first = false;
    {
      std::lock_guard lock{mutex_};
      first = waiting_.empty();
      waiting_.push_back(std::move(one));
    }
    if (first)
      wake_.notify_one();
  }

  /// Commits what waits, and ends.
  /// @returns what was written
  result<std::vector<written_batch>> stop() {
    {
      std::lock_guard lock{mutex_};
      stopping_ = true;
    }
    wake_.notify_one();
    if (thread_.joinable())
      thread_.join();
    if (!status_.ok())
      return tl::unexpected{db_.error_of(status_)};
    return std::move(written_);
  }

private:
  void work() {
    bare_runs taken;
    while (take(taken))
      for (auto from = taken.begin(); from != taken.end();)
        from = commit(from, taken.end());
  }

  bool take(bare_runs& taken) {
    taken.clear();
    std::unique_lock lock{mutex_};
    wake_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
    taken.swap(waiting_);
    return !taken.empty();
  }

  bare_runs::iterator commit(bare_runs::iterator from,
                             bare_runs::iterator end) {
    rocksdb::WriteBatch batch;
    auto to = from;
    for (; to != end && batch.GetDataSize() < max_batch_bytes; ++to) {
      const auto key = key_of(to->number);
      if (to->row != nullptr) {
        batch.Put(db_.handle(family::runs), key, *to->row);
      } else {
        batch.Delete(db_.handle(family::runs), key);
        batch.Put(db_.handle(family::history), key, history_);
      }
    }
    written_.push_back({batch.Data(), sync_});
    if (status_.ok()) // else only the end is waited for
      status_ = db_.write(batch, sync_);
    committed_({std::make_move_iterator(from), std::make_move_iterator(to)});
    return to;
  }

  rocksdb_database& db_;
  const bool sync_;
  const std::function<void(bare_runs)> committed_;
  const std::string history_ = std::string(history_bytes, 'h');
  std::vector<written_batch> written_; ///< of its thread, as the next
  rocksdb::Status status_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bare_runs waiting_;
  bool stopping_ = false;
  std::thread thread_;
};

using commit_run = std::function<void(bare_run)>;

caf::behavior run_worker(caf::event_based_actor* self,
                         const caf::actor& supervisor) {
  return {[=](atom::start, const bare_run& one) {
    self->send(supervisor, atom::end_v, one.number);
    self->quit();
  }};
}

struct supervisor_state {
  std::unordered_map<caf::actor_addr, std::uint64_t> running;
};

caf::behavior run_supervisor(caf::stateful_actor<supervisor_state>* self,
                             const commit_run& commit) {
  self->set_down_handler([self](const caf::down_msg& down) {
    self->state.running.erase(down.source);
  });
  return {[self](atom::start, const bare_run& one) {
            auto worker
                = self->spawn<caf::monitored>(run_worker, caf::actor{self});
            self->state.running.emplace(worker.address(), one.number);
            self->send(worker, atom::start_v, one);
          },
          [self, commit](atom::end, std::uint64_t number) {
            self->state.running.erase(
                caf::actor_cast<caf::actor_addr>(self->current_sender()));
            commit({number, {}});
          },
          [self](atom::halt) { self->quit(); }};
}

/// Makes room for the next run with each that has ended.
caf::behavior run_history(caf::event_based_actor* self,
                          const std::function<void(std::size_t)>& submit,
                          const std::function<void(std::size_t)>& ended) {
  return {[submit](atom::want, std::size_t some) { submit(some); },
          [submit, ended](atom::publish, const bare_runs& done) {
            submit(done.size());
            ended(done.size());
          },
          [self](atom::halt) { self->quit(); }};
}

struct actor_settings : caf::actor_system_config {
  actor_settings() {
    set("scheduler.policy", caf::atom("sharing"));
    set("scheduler.max-threads",
        std::max(std::size_t{2},
                 std::size_t{std::thread::hardware_concurrency()}));
    set("scheduler.max-throughput", std::size_t{300});
  }
};

} // namespace

/// The least that a durable engine with an actor per run can be: nothing is
/// looked up, encoded, limited, tried again or told to anybody.
result<measurement> bare_cycle(const scenario& what,
                               const std::string& directory) {
  scratch place{directory};
  const bool sync = what.durability == durability::sync;
  auto db = rocksdb_database::open(place.path() / "store", false,
                                   sync ? std::nullopt
                                        : std::optional{log_files::plain});
  if (!db)
    return tl::unexpected{db.error()};
  measurement made;
  made.what = what;
  made.count = what.count > 0 ? what.count : default_cycles(what);
  measured().total = made.count;

  actor_settings settings;
  caf::actor_system system{settings};
  bare_committer* commits = nullptr;
  auto supervisor = system.spawn(run_supervisor, commit_run{[&](bare_run one) {
                                   commits->submit(std::move(one));
                                 }});
  using with_count = std::function<void(std::size_t)>;
  std::uint64_t next = 0;
  std::uint64_t over = 0;
  std::promise<void> all_over;
  auto history = system.spawn(
      run_history, with_count{[&](std::size_t some) {
        for (; some > 0 && next < made.count; --some)
          commits->submit({next++, std::make_shared<const std::string>(
                                       row_bytes + what.payload, 'x')});
      }},
      with_count{[&](std::size_t some) {
        measured().done = over += some;
        if (over == made.count)
          all_over.set_value();
      }});
  bare_committer committer{
      **db, sync, [&](bare_runs done) {
        const auto ended = std::stable_partition(
            done.begin(), done.end(),
            [](const bare_run& one) { return one.row != nullptr; });
        for (auto one = done.begin(); one != ended; ++one)
          caf::anon_send(supervisor, atom::start_v, std::move(*one));
        done.erase(done.begin(), ended);
        if (!done.empty())
          caf::anon_send(history, atom::publish_v, std::move(done));
      }};
  commits = &committer;

  const auto cpu = cpu_time();
  const auto begun = steady::now();
  caf::anon_send(history, atom::want_v, std::size_t{what.outstanding});
  all_over.get_future().wait();
  made.took = steady::now() - begun;
  made.cpu = cpu_time() - cpu;
  made.resident = resident_bytes();
  auto written = committer.stop();
  caf::anon_send(supervisor, atom::halt_v);
  caf::anon_send(history, atom::halt_v);
  system.await_all_actors_done();
  db->reset();
  if (!written)
    return tl::unexpected{written.error()};
  if (auto ok = compare_with_floor(*written, place.path() / "floor", made); !ok)
    return tl::unexpected{ok.error()};
  return made;
}

} // namespace jobq::bench
