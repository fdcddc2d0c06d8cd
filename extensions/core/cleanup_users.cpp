#include <algorithm>

#include "extensions/core/batches.hpp"

namespace jobq {

namespace {

// Candidates by age; each is checked against the tables themselves.
constexpr const char* expired_users
    = "SELECT i.user_id, i.created_at FROM anonymous_user_index i"
      " WHERE i.created_at < :cutoff"
      " AND (i.created_at, i.user_id) > (:age, :key)"
      " AND EXISTS (SELECT 1 FROM users u"
      "  WHERE u.id = i.user_id AND u.created_at < :cutoff)"
      " AND EXISTS (SELECT 1 FROM user_roles r"
      "  WHERE r.user_id = i.user_id AND r.role = 'anonymous')"
      " AND NOT EXISTS (SELECT 1 FROM user_sessions s"
      "  WHERE s.user_id = i.user_id AND s.ended_at IS NULL)"
      " ORDER BY i.created_at, i.user_id LIMIT :limit";

/// Rows that go with a user, in the order in which they go.
struct dependents {
  const char* counter; ///< empty: not reported
  const char* table;
  const char* key;
  const char* user; ///< column or expression that `in_keys` may compare
};

constexpr dependents dependent_tables[] = {
    {"auth_codes", "oauth_auth_codes", "code", "user_id"},
    {"refresh_tokens", "oauth_refresh_tokens", "token_id", "user_id"},
    {"contexts", "user_contexts", "context_id", "user_id"},
};

class user_cleanup {
public:
  explicit user_cleanup(core_call& call)
      : call_{call}, db_{call.db},
        cutoff_{moment_before(call, std::chrono::days{call.parameters.integer(
                                        "retention_days")})} {}

  outcome run() {
    bool finished = in_batches(call_, [this] { return next_batch(); });
    auto done = std::to_string(total_["users"]) + " anonymous users "
                + (call_.context.enforce() ? "deleted" : "would be deleted");
    auto result
        = finished ? job_result::succeeded(done) : job_result::stopped(done);
    result.items_processed = static_cast<std::uint64_t>(total_["users"]);
    result.counters = total_;
    return result;
  }

private:
  using counts = std::map<std::string, std::int64_t>;

  bool next_batch() {
    counts batch;
    age_mark mark;
    bool more = false;
    auto work = [&] {
      batch.clear();
      mark = mark_;
      more = batch_in_transaction(batch, mark);
    };
    if (call_.context.enforce())
      db_.transact(work);
    else
      work();
    mark_ = mark;
    for (const auto& [name, count] : batch)
      total_[name] += count;
    return more;
  }

  bool batch_in_transaction(counts& batch, age_mark& mark) {
    auto page = db_.query(expired_users, 2,
                          {{"cutoff", cutoff_},
                           {"age", mark.age},
                           {"key", mark.key},
                           {"limit", batch_rows}});
    bool more = page.size() == static_cast<std::size_t>(batch_rows);
    if (page.empty())
      return false;
    auto fitting = fitting_prefix(page);
    if (fitting == 0) {
      shrink(*page[0][0], batch);
      return true; // the same user again, until the rest fits
    }
    more = more || fitting < page.size();
    page.resize(fitting);
    mark = {*page.back()[1], *page.back()[0]};
    take(page, batch);
    return more;
  }

  /// How many users of the page fit one transaction with all their rows.
  std::size_t fitting_prefix(const std::vector<sql_row>& page) {
    if (!call_.context.enforce())
      return page.size();
    auto weights = weights_of(page);
    std::int64_t rows = 0;
    std::size_t count = 0;
    for (const auto& user : page) {
      rows += 1 + weights[*user[0]];
      if (rows > batch_rows)
        break;
      ++count;
    }
    return count;
  }

  counts weights_of(const std::vector<sql_row>& page) {
    auto kind = db_.dialect();
    auto rows = db_.query(
        "SELECT user_id, COUNT(*) FROM ("
        "SELECT user_id FROM user_roles WHERE "
            + in_keys(kind, "user_id")
            + " UNION ALL SELECT user_id FROM oauth_auth_codes WHERE "
            + in_keys(kind, "user_id")
            + " UNION ALL SELECT user_id FROM oauth_refresh_tokens WHERE "
            + in_keys(kind, "user_id")
            + " UNION ALL SELECT user_id FROM user_contexts WHERE "
            + in_keys(kind, "user_id")
            + " UNION ALL SELECT c.user_id FROM user_contexts c"
              " CROSS JOIN task_messages m WHERE "
            + in_keys(kind, "c.user_id")
            + " AND m.context_id = c.context_id"
              ") AS dependents GROUP BY user_id",
        2, {{"keys", keys_of(page)}});
    counts weights;
    for (const auto& row : rows)
      weights[*row[0]] = read_integer(*row[1]).value_or(0);
    return weights;
  }

  std::string keys_of(const std::vector<sql_row>& page) const {
    std::vector<std::string> keys;
    for (const auto& row : page)
      keys.push_back(*row[0]);
    return key_list(db_.dialect(), keys);
  }

  std::string messages_of_users() const {
    return "SELECT m.id FROM user_contexts c CROSS JOIN task_messages m WHERE "
           + in_keys(db_.dialect(), "c.user_id")
           + " AND m.context_id = c.context_id";
  }

  /// Takes up to a batch of the rows of a user that has more than one.
  void shrink(const std::string& user, counts& batch) {
    auto keys = key_list(db_.dialect(), {user});
    auto left = batch_rows;
    auto take = [&](const char* counter, const std::string& sql) {
      auto rows = static_cast<std::int64_t>(
          db_.execute(sql, {{"keys", keys}, {"limit", left}}));
      batch[counter] += rows;
      left -= rows;
    };
    take("task_messages", "DELETE FROM task_messages WHERE id IN ("
                              + messages_of_users() + " LIMIT :limit)");
    for (const auto& each : dependent_tables)
      if (left > 0)
        take(each.counter,
             std::string{"DELETE FROM "} + each.table + " WHERE " + each.key
                 + " IN (SELECT " + each.key + " FROM " + each.table + " WHERE "
                 + in_keys(db_.dialect(), each.user) + " LIMIT :limit)");
    // Roles are left to the last batch: without them it would not be found.
  }

  /// Deletes the users of a page with all that is theirs, or counts it.
  void take(const std::vector<sql_row>& page, counts& batch) {
    auto kind = db_.dialect();
    sql_parameters keys{{"keys", keys_of(page)}};
    batch["task_messages"] += remove(
        "DELETE FROM task_messages WHERE id IN (" + messages_of_users() + ")",
        "SELECT COUNT(*) FROM (" + messages_of_users() + ") AS messages", keys);
    for (const auto& each : dependent_tables) {
      auto rest
          = std::string{each.table} + " WHERE " + in_keys(kind, each.user);
      batch[each.counter] += remove("DELETE FROM " + rest,
                                    "SELECT COUNT(*) FROM " + rest, keys);
    }
    auto mine = " WHERE " + in_keys(kind, "user_id");
    batch["sessions_kept"]
        += remove("UPDATE user_sessions SET user_id = NULL" + mine,
                  "SELECT COUNT(*) FROM user_sessions" + mine, keys);
    if (call_.context.enforce()) {
      db_.execute("DELETE FROM user_roles" + mine, keys);
      db_.execute("DELETE FROM users WHERE " + in_keys(kind, "id"), keys);
    }
    batch["users"] += static_cast<std::int64_t>(page.size());
  }

  std::int64_t remove(const std::string& change, const std::string& count,
                      const sql_parameters& keys) {
    return call_.context.enforce()
               ? static_cast<std::int64_t>(db_.execute(change, keys))
               : db_.number(count, keys);
  }

  core_call& call_;
  database& db_;
  const std::string cutoff_;
  age_mark mark_;
  counts total_{{"users", 0},      {"contexts", 0},       {"task_messages", 0},
                {"auth_codes", 0}, {"refresh_tokens", 0}, {"sessions_kept", 0}};
};

} // namespace

outcome cleanup_anonymous_users(core_call& call) {
  return user_cleanup{call}.run();
}

} // namespace jobq
