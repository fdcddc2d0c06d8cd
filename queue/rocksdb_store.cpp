#include "queue/rocksdb_store.hpp"

#include <mutex>
#include <optional>

#include "queue/rocksdb_reader.hpp"
#include "queue/rocksdb_writer.hpp"

namespace jobq {
namespace {

class rocksdb_store final : public store {
public:
  rocksdb_store(std::unique_ptr<rocksdb_database> db,
                const rocksdb_options& options)
      : options_{options}, db_{std::move(db)}, writer_{*db_, view_, options},
        reader_{*db_, view_} {}

  result<void> start(time_point now, opened_store& found) {
    if (auto ok = writer_.load(); !ok)
      return ok;
    return options_.read_only ? result<void>{} : writer_.recover(now, found);
  }

  result<commit_report> apply(std::span<any_command> batch,
                              durability how) override {
    if (auto fault = why_not(); fault)
      return tl::unexpected{*fault};
    return writer_.apply(batch, how);
  }

  result<commit_report> begin(std::span<any_command> batch) override {
    if (auto fault = why_not(); fault)
      return tl::unexpected{*fault};
    return writer_.begin(batch);
  }

  result<std::uint64_t> persist(std::uint64_t commit, durability how) override {
    if (auto fault = why_not(); fault)
      return tl::unexpected{*fault};
    if (how == durability::async || options_.durability == durability::async)
      return writer_.writes().wait(commit);
    // The more one sync covers, the better.
    const auto written = writer_.writes().wait_and_write(commit);
    if (!written)
      return written;
    auto done = options_.before_sync ? options_.before_sync() : result<void>{};
    if (done)
      if (auto status = db_->sync(); !status.ok())
        done = tl::unexpected{db_->error_of(status)};
    if (!done) {
      std::lock_guard lock{mutex_};
      failure_ = store_failure(done.error());
      return tl::unexpected{*failure_};
    }
    if (options_.after_sync)
      options_.after_sync();
    return written;
  }

  result<run> find_run(const run_id& id) const override {
    return reader_.find_run(id);
  }
  result<std::vector<run>> list_runs(const run_filter& filter) const override {
    return reader_.list_runs(filter);
  }
  result<std::vector<completion>>
  list_history(const history_filter& filter) const override {
    return reader_.list_history(filter);
  }
  result<std::vector<tick>>
  list_ticks(const tick_filter& filter) const override {
    return reader_.list_ticks(filter);
  }
  result<std::vector<job_cursor>> cursors() const override {
    return reader_.cursors();
  }
  result<std::vector<job_switch>> switches() const override {
    return reader_.switches();
  }
  result<std::string> read_log(const run_id& id,
                               std::uint32_t attempt) const override {
    return reader_.read_log(id, attempt);
  }
  result<std::vector<job_statistics>> statistics_by_job() const override {
    return reader_.statistics_by_job();
  }
  result<store_statistics> statistics() const override {
    return reader_.statistics();
  }

private:
  /// Why nothing can be changed, if that is so.
  std::optional<error> why_not() {
    if (options_.read_only)
      return error{errc::unsupported, "the store was opened for reading only"};
    std::lock_guard lock{mutex_};
    return failure_;
  }

  const rocksdb_options options_;
  std::unique_ptr<rocksdb_database> db_; // outlives all that reads it
  store_view view_;
  rocksdb_writer writer_;
  rocksdb_reader reader_;
  std::mutex mutex_;
  std::optional<error> failure_; ///< of a sync
};

} // namespace

result<opened_store> open_rocksdb_store(const rocksdb_options& options,
                                        time_point now) {
  try {
    // Nobody waits for what is written without syncs.
    const auto logs = options.durability == durability::async
                          ? std::optional{log_files::plain}
                          : std::nullopt;
    auto db = rocksdb_database::open(options.directory, options.read_only, logs,
                                     options.files);
    if (!db)
      return tl::unexpected{db.error()};
    auto opened = std::make_unique<rocksdb_store>(std::move(*db), options);
    opened_store found;
    if (auto ok = opened->start(now, found); !ok)
      return fail(ok.error().code,
                  ok.error().message.find(options.directory.string())
                          == std::string::npos
                      ? "store " + options.directory.string() + ": "
                            + ok.error().message
                      : ok.error().message);
    found.store = std::move(opened);
    return found;
  } catch (const std::exception& e) {
    return fail(errc::internal,
                "store " + options.directory.string() + ": " + e.what());
  }
}

} // namespace jobq
