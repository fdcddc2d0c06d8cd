#pragma once

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "queue/rocksdb_database.hpp"
#include "queue/rocksdb_view.hpp"
#include "queue/store.hpp"

namespace jobq {

/// The store's reads. Safe from any thread beside the writer, which they never
/// hold up.
class rocksdb_reader {
public:
  /// A listing of ticks gives up after so many rows that do not match.
  static constexpr std::size_t max_looks = 100'000;

  rocksdb_reader(const rocksdb_database& db, const store_view& view)
      : db_{db}, view_{view} {}

  result<run> find_run(const run_id& id) const;
  result<std::vector<run>> list_runs(const run_filter& filter) const;
  result<std::vector<completion>>
  list_history(const history_filter& filter) const;
  result<std::vector<tick>> list_ticks(const tick_filter& filter) const;
  result<std::vector<job_cursor>> cursors() const;
  result<std::vector<job_switch>> switches() const;
  result<std::string> read_log(const run_id& id, std::uint32_t attempt) const;
  result<std::vector<job_statistics>> statistics_by_job() const;
  result<store_statistics> statistics() const;

private:
  struct listing;
  using visit_entry
      = std::function<result<bool>(const codec::chunk_entry& entry)>;

  result<codec::stored_run> stored(const run_id& id) const;
  std::optional<keys::name_id> job_id(const std::string& name) const;
  std::map<keys::name_id, std::string> job_names() const;

  result<void> list_live(listing& out) const;
  result<void> list_index(listing& out, std::string from,
                          const std::string& end) const;
  result<void> list_finished(listing& out) const;

  /// Calls `visit` for entries in order until it says false.
  result<void> walk_history(const history_filter& filter,
                            std::optional<keys::name_id> job,
                            const visit_entry& visit) const;
  result<void> ticks_of(keys::name_id job, const std::string& name,
                        const tick_filter& filter,
                        std::vector<tick>& out) const;
  result<std::optional<time_point>> oldest(keys::name_id id,
                                           const queue_view& queue) const;

  const rocksdb_database& db_;
  const store_view& view_;
};

} // namespace jobq
