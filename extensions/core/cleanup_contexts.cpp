#include "extensions/core/batches.hpp"

namespace jobq {

namespace {

// Candidates by age; each is checked against the tables themselves.
const std::string empty_contexts
    = " FROM empty_context_index i WHERE i.created_at < :cutoff"
      " AND (i.created_at, i.context_id) > (:age, :key)"
      " AND EXISTS (SELECT 1 FROM user_contexts c"
      "  WHERE c.context_id = i.context_id AND c.created_at < :cutoff"
      "  AND NOT (c.kind = 'cli_session' AND EXISTS (SELECT 1"
      "   FROM user_sessions s WHERE s.session_id = c.session_id)))"
      " AND NOT EXISTS (SELECT 1 FROM task_messages m"
      "  WHERE m.context_id = i.context_id)"
      " AND NOT EXISTS (SELECT 1 FROM mcp_tool_executions t"
      "  WHERE t.context_id = i.context_id)"
      " AND NOT EXISTS (SELECT 1 FROM governance_decisions g"
      "  WHERE g.context_id = i.context_id)";

/// Deletes the next batch after the mark. @returns how many, and moves it.
std::size_t delete_batch(core_call& call, const std::string& cutoff,
                         age_mark& mark) {
  static const auto page_sql = "SELECT i.context_id, i.created_at"
                               + empty_contexts
                               + " ORDER BY i.created_at, i.context_id"
                                 " LIMIT :limit";
  auto& db = call.db;
  auto page = db.query(page_sql, 2,
                       {{"cutoff", cutoff},
                        {"age", mark.age},
                        {"key", mark.key},
                        {"limit", batch_rows}});
  if (page.empty())
    return 0;
  std::vector<std::string> keys;
  for (const auto& row : page)
    keys.push_back(*row[0]);
  db.execute("DELETE FROM user_contexts WHERE "
                 + in_keys(db.dialect(), "context_id"),
             {{"keys", key_list(db.dialect(), keys)}});
  mark = {*page.back()[1], *page.back()[0]};
  return page.size();
}

} // namespace

outcome cleanup_empty_contexts(core_call& call) {
  auto age = std::chrono::hours{call.parameters.integer("retention_hours")};
  auto cutoff = moment_before(call, age);
  age_mark mark;
  std::int64_t contexts = 0;
  bool finished = true;
  if (call.context.enforce()) {
    finished = in_batches(call, [&] {
      std::size_t deleted = 0;
      age_mark next;
      call.db.transact([&] {
        next = mark;
        deleted = delete_batch(call, cutoff, next);
      });
      mark = next;
      contexts += static_cast<std::int64_t>(deleted);
      return deleted == static_cast<std::size_t>(batch_rows);
    });
  } else {
    contexts
        = call.db.number("SELECT COUNT(*)" + empty_contexts,
                         {{"cutoff", cutoff}, {"age", mark.age}, {"key", ""}});
  }
  auto done = std::to_string(contexts) + " empty contexts "
              + (call.context.enforce() ? "deleted" : "would be deleted");
  auto result
      = finished ? job_result::succeeded(done) : job_result::stopped(done);
  result.items_processed = static_cast<std::uint64_t>(contexts);
  result.counters = {{"contexts", contexts}};
  return result;
}

} // namespace jobq
