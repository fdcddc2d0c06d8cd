#include "extensions/core/batches.hpp"

namespace jobq {

namespace {

struct session_counts {
  std::int64_t closed = 0;
  std::int64_t deleted = 0;
  std::int64_t detached = 0; ///< contexts whose session went
};

/// Ends the open sessions that have been idle since `idle_since` or longer.
bool close_idle(core_call& call, const std::string& idle_since,
                session_counts& counts) {
  const std::string idle = " FROM user_sessions WHERE ended_at IS NULL"
                           " AND last_activity_at <= :idle";
  if (!call.context.enforce()) {
    counts.closed
        = call.db.number("SELECT COUNT(*)" + idle, {{"idle", idle_since}});
    return true;
  }
  auto sql = "UPDATE user_sessions SET ended_at = :now WHERE session_id IN"
             " (SELECT session_id"
             + idle + " LIMIT :limit)";
  sql_parameters parameters{{"now", moment_before(call, seconds{0})},
                            {"idle", idle_since},
                            {"limit", batch_rows}};
  return in_batches(call, [&] {
    std::int64_t closed = 0;
    call.db.transact([&] {
      closed = static_cast<std::int64_t>(call.db.execute(sql, parameters));
    });
    counts.closed += closed;
    return closed == batch_rows;
  });
}

/// One transaction's part of `delete_ended`.
session_counts delete_batch(core_call& call, const std::string& cutoff) {
  auto& db = call.db;
  auto page = db.query("SELECT session_id FROM user_sessions"
                       " WHERE ended_at IS NOT NULL AND ended_at < :cutoff"
                       " ORDER BY ended_at LIMIT :limit",
                       1, {{"cutoff", cutoff}, {"limit", batch_rows}});
  std::vector<std::string> keys;
  for (const auto& row : page)
    keys.push_back(*row[0]);
  sql_parameters parameters{{"keys", key_list(db.dialect(), keys)}};
  auto mine = " WHERE " + in_keys(db.dialect(), "session_id");
  session_counts counts;
  counts.detached = static_cast<std::int64_t>(db.execute(
      "UPDATE user_contexts SET session_id = NULL" + mine, parameters));
  counts.deleted = static_cast<std::int64_t>(
      db.execute("DELETE FROM user_sessions" + mine, parameters));
  return counts;
}

/// Deletes the sessions that ended before `cutoff`.
bool delete_ended(core_call& call, const std::string& cutoff,
                  session_counts& counts) {
  if (!call.context.enforce()) {
    const std::string ended
        = " WHERE s.ended_at IS NOT NULL AND s.ended_at < :cutoff";
    sql_parameters parameters{{"cutoff", cutoff}};
    counts.deleted = call.db.number(
        "SELECT COUNT(*) FROM user_sessions s" + ended, parameters);
    counts.detached = call.db.number(
        "SELECT COUNT(*) FROM user_sessions s CROSS JOIN user_contexts c"
            + ended + " AND c.session_id = s.session_id",
        parameters);
    return true;
  }
  return in_batches(call, [&] {
    session_counts batch;
    call.db.transact([&] { batch = delete_batch(call, cutoff); });
    counts.deleted += batch.deleted;
    counts.detached += batch.detached;
    return batch.deleted == batch_rows;
  });
}

} // namespace

outcome cleanup_inactive_sessions(core_call& call) {
  auto idle = std::chrono::hours{call.parameters.integer("inactive_hours")};
  auto kept = std::chrono::days{call.parameters.integer("retention_days")};
  session_counts counts;
  bool finished = close_idle(call, moment_before(call, idle), counts);
  if (finished && kept.count() > 0)
    finished = delete_ended(call, moment_before(call, kept), counts);
  auto done = std::to_string(counts.closed) + " sessions closed, "
              + std::to_string(counts.deleted) + " deleted"
              + (call.context.enforce() ? "" : " (nothing was changed)");
  auto result
      = finished ? job_result::succeeded(done) : job_result::stopped(done);
  result.items_processed
      = static_cast<std::uint64_t>(counts.closed + counts.deleted);
  result.counters = {{"sessions_closed", counts.closed},
                     {"sessions_deleted", counts.deleted},
                     {"contexts_detached", counts.detached}};
  return result;
}

} // namespace jobq
