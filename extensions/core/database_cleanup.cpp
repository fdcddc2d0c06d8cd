#include <algorithm>

#include "extensions/core/batches.hpp"

namespace jobq {

namespace {

/// A log's user that is there, or none at all.
constexpr const char* user_is_known
    = " AND (user_id IS NULL OR user_id = ''"
      " OR EXISTS (SELECT 1 FROM users u WHERE u.id = logs.user_id))";

constexpr int ghosts_at_a_time = 100;

// Walks from one distinct value of an index to the next: its cost depends on
// how many users logs tell of, not on how many logs there are.
constexpr const char* next_ghosts
    = "WITH RECURSIVE walk(user_id) AS ("
      " SELECT (SELECT l.user_id FROM logs l WHERE l.user_id > :after"
      "  ORDER BY l.user_id LIMIT 1)"
      " UNION ALL"
      " SELECT (SELECT l.user_id FROM logs l WHERE l.user_id > walk.user_id"
      "  ORDER BY l.user_id LIMIT 1) FROM walk WHERE walk.user_id IS NOT NULL)"
      " SELECT user_id FROM walk WHERE user_id IS NOT NULL"
      " AND NOT EXISTS (SELECT 1 FROM users u WHERE u.id = walk.user_id)"
      " LIMIT :limit";

constexpr const char* distinct_levels
    = "WITH RECURSIVE walk(level) AS ("
      " SELECT (SELECT lower(l.level) FROM logs l WHERE lower(l.level) >= ''"
      "  ORDER BY lower(l.level) LIMIT 1)"
      " UNION ALL"
      " SELECT (SELECT lower(l.level) FROM logs l"
      "  WHERE lower(l.level) > walk.level"
      "  ORDER BY lower(l.level) LIMIT 1) FROM walk WHERE walk.level IS NOT "
      "NULL)"
      " SELECT level FROM walk WHERE level IS NOT NULL";

/// Rows of the tables that go at an instant of their own.
struct expiring {
  const char* counter;
  const char* table;
  const char* key;
  const char* condition;
};

constexpr expiring expiring_rows[] = {
    {"auth_codes", "oauth_auth_codes", "code", "expires_at <= :now"},
    {"auth_codes", "oauth_auth_codes", "code",
     "used_at IS NOT NULL AND expires_at > :now"},
    {"refresh_tokens", "oauth_refresh_tokens", "token_id",
     "expires_at <= :now"},
    {"state_bindings", "oauth_state_bindings", "key", "expires_at <= :now"},
    {"revocations", "oauth_jti_revocations", "jti", "exp <= :now"},
    {"replay_entries", "id_jag_replay", "key", "expires_at <= :now"},
};

constexpr const char* all_tables
    = "users, user_roles, user_sessions, user_contexts, task_messages,"
      " mcp_tool_executions, governance_decisions, logs, oauth_auth_codes,"
      " oauth_refresh_tokens, oauth_state_bindings, oauth_jti_revocations,"
      " id_jag_replay, markdown_content, anonymous_user_index,"
      " empty_context_index";

class cleanup {
public:
  explicit cleanup(core_call& call) : call_{call} {}

  outcome run() {
    bool all = call_.parameters.text("only") == "all";
    bool finished = orphaned_logs() && expired_logs()
                    && (!all || (expired_rows() && give_space_back()));
    auto done = message();
    auto result
        = finished ? job_result::succeeded(done) : job_result::stopped(done);
    for (const auto& [name, count] : counters_)
      if (name != "vacuumed")
        result.items_processed += static_cast<std::uint64_t>(count);
    result.items_failed = vacuum_fault_.empty() ? 0 : 1;
    result.counters = counters_;
    return result;
  }

private:
  bool orphaned_logs() {
    std::string after;
    for (;;) {
      if (call_.context.stop_requested())
        return false;
      auto page = call_.db.query(
          next_ghosts, 1,
          {{"after", after}, {"limit", std::int64_t{ghosts_at_a_time}}});
      if (page.empty())
        return true;
      std::vector<std::string> ghosts;
      for (const auto& row : page)
        ghosts.push_back(*row[0]);
      if (!delete_rows(call_, logs_of(ghosts), counters_["logs_orphaned"]))
        return false;
      after = ghosts.back();
    }
  }

  delete_step logs_of(const std::vector<std::string>& ghosts) const {
    auto kind = call_.db.dialect();
    return {"logs",
            "id",
            in_keys(kind, "user_id")
                + " AND NOT EXISTS (SELECT 1 FROM users u"
                  " WHERE u.id = logs.user_id)",
            {{"keys", key_list(kind, ghosts)}}};
  }

  bool expired_logs() {
    // A dry run has not deleted the orphans, and must not count them again.
    std::string rest = call_.context.enforce() ? "" : user_is_known;
    for (const auto& row : call_.db.query(distinct_levels, 1)) {
      auto kept = std::chrono::days{retention_days(*row[0])};
      delete_step step{
          "logs",
          "id",
          "lower(level) = :level AND timestamp < :cutoff" + rest,
          {{"level", *row[0]}, {"cutoff", moment_before(call_, kept)}}};
      if (!delete_rows(call_, step, counters_["logs_expired"]))
        return false;
    }
    return true;
  }

  /// @param level in lower case, as logs spell it; `warn` is `warning`
  std::int64_t retention_days(const std::string& level) const {
    std::vector<std::string> spellings{level};
    if (level == "warn" || level == "warning")
      spellings = {"warning", "warn"};
    for (const auto& each : spellings)
      if (auto name = "log_retention_days_" + each; call_.parameters.has(name))
        return call_.parameters.integer(name);
    return call_.parameters.integer("log_retention_days");
  }

  bool expired_rows() {
    auto now = moment_before(call_, seconds{0});
    for (const auto& each : expiring_rows) {
      delete_step step{each.table, each.key, each.condition, {{"now", now}}};
      if (!delete_rows(call_, step, counters_[each.counter]))
        return false;
    }
    return true;
  }

  /// Trouble here undoes nothing of what went before: it is told, no more.
  bool give_space_back() {
    if (!call_.parameters.boolean("vacuum") || !call_.context.enforce())
      return true;
    if (call_.context.stop_requested())
      return false;
    try {
      call_.db.run_script(call_.db.dialect() == dialect::sqlite
                              ? "VACUUM; PRAGMA analysis_limit = 1000; ANALYZE;"
                                "PRAGMA wal_checkpoint(TRUNCATE);"
                              : std::string{"VACUUM (ANALYZE) "} + all_tables);
      counters_["vacuumed"] = 1;
    } catch (const database_error& error) {
      vacuum_fault_ = error.what();
      call_.context.log(log_level::warning,
                        "space was not given back: " + vacuum_fault_);
    }
    return true;
  }

  std::string message() {
    auto logs = counters_["logs_orphaned"] + counters_["logs_expired"];
    std::int64_t oauth = 0;
    for (const char* name : {"auth_codes", "refresh_tokens", "state_bindings",
                             "revocations", "replay_entries"})
      if (auto it = counters_.find(name); it != counters_.end())
        oauth += it->second;
    auto text = std::to_string(logs) + " logs and " + std::to_string(oauth)
                + " OAuth rows "
                + (call_.context.enforce() ? "deleted" : "would be deleted");
    if (!vacuum_fault_.empty())
      text += "; space was not given back: " + vacuum_fault_;
    return text;
  }

  core_call& call_;
  std::map<std::string, std::int64_t> counters_{
      {"logs_orphaned", 0},  {"logs_expired", 0},   {"auth_codes", 0},
      {"refresh_tokens", 0}, {"state_bindings", 0}, {"revocations", 0},
      {"replay_entries", 0}, {"vacuumed", 0}};
  std::string vacuum_fault_;
};

} // namespace

outcome database_cleanup(core_call& call) {
  auto only = call.parameters.text("only");
  if (only != "all" && only != "logs")
    return job_result::failed(
        "parameter \"only\" must be all or logs, not \"" + only + "\"", false);
  return cleanup{call}.run();
}

} // namespace jobq
