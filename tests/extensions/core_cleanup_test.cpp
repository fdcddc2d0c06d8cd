#include "tests/extensions/core_fixture.hpp"

namespace jobq {

using namespace std::chrono_literals;
using test::ago;
using test::fake_context;

namespace {

constexpr auto day = std::chrono::hours{24};

class cleanup_test : public test::core_test {
protected:
  void user(const std::string& id, const std::string& created,
            const std::string& role = "anonymous") {
    tables_.execute("INSERT INTO users (id, created_at) VALUES ('" + id + "', '"
                    + created + "')");
    tables_.execute("INSERT INTO user_roles (user_id, role) VALUES ('" + id
                    + "', '" + role + "')");
  }

  void session(const std::string& id, const std::string& user,
               const std::string& active, const std::string& ended = "") {
    tables_.execute("INSERT INTO user_sessions (session_id, user_id,"
                    " started_at, last_activity_at, ended_at) VALUES ('"
                    + id + "', " + quoted(user) + ", '" + active + "', '"
                    + active + "', " + quoted(ended) + ")");
  }

  void context(const std::string& id, const std::string& user,
               const std::string& created, const std::string& kind = "user",
               const std::string& session_id = "") {
    tables_.execute("INSERT INTO user_contexts (context_id, user_id,"
                    " session_id, kind, created_at, updated_at) VALUES ('"
                    + id + "', '" + user + "', " + quoted(session_id) + ", '"
                    + kind + "', '" + created + "', '" + created + "')");
  }

  void child(const std::string& table, const std::string& context_id) {
    bool message = table == "task_messages";
    tables_.execute("INSERT INTO " + table + " (context_id, created_at"
                    + (message ? ", task_id" : "") + ") VALUES ('" + context_id
                    + "', '" + ago(0s) + "'" + (message ? ", 't'" : "") + ")");
  }

  void log(const std::string& level, const std::string& at,
           const std::string& user = "") {
    tables_.execute("INSERT INTO logs (timestamp, level, user_id) VALUES ('"
                    + at + "', '" + level + "', " + quoted(user) + ")");
  }

  static std::string quoted(const std::string& text) {
    return text.empty() ? "NULL" : "'" + text + "'";
  }

  /// The one column of all rows, in order, with a space between.
  std::string all(const std::string& column, const std::string& table) {
    std::string text;
    for (const auto& row : tables_.db().query(
             "SELECT " + column + " FROM " + table + " ORDER BY " + column, 1))
      text += (text.empty() ? "" : " ") + row[0].value_or("null");
    return text;
  }
};

} // namespace

// cleanup_anonymous_users

TEST_P(cleanup_test, users_go_only_when_created_more_than_the_days_ago) {
  user("exactly", ago(30 * day));
  user("older", ago(30 * day + 1s));
  user("younger", ago(30 * day - 1s));
  auto result = run("cleanup_anonymous_users");
  EXPECT_EQ(result.kind, outcome_kind::succeeded) << result.error;
  EXPECT_EQ(all("id", "users"), "exactly younger");
  EXPECT_EQ(result.items_processed, 1u);
  EXPECT_EQ(result.counters.at("users"), 1);
}

TEST_P(cleanup_test, only_anonymous_users_without_open_session_go) {
  user("member", ago(99 * day), "member");
  user("open", ago(99 * day));
  session("s1", "open", ago(50 * day));
  user("ended", ago(99 * day));
  session("s2", "ended", ago(50 * day), ago(49 * day));
  user("late", ago(99 * day), "member");
  tables_.execute("UPDATE user_roles SET role = 'anonymous'"
                  " WHERE user_id = 'late'");
  user("former", ago(99 * day));
  tables_.execute("DELETE FROM user_roles WHERE user_id = 'former'");
  user("both", ago(99 * day));
  tables_.execute("INSERT INTO user_roles (user_id, role)"
                  " VALUES ('both', 'member')");
  EXPECT_EQ(run("cleanup_anonymous_users").kind, outcome_kind::succeeded);
  EXPECT_EQ(all("id", "users"), "former member open");
}

TEST_P(cleanup_test, a_user_goes_with_all_but_sessions_and_logs) {
  user("gone", ago(31 * day));
  session("s", "gone", ago(31 * day), ago(30 * day));
  context("c1", "gone", ago(31 * day), "user", "s");
  context("c2", "gone", ago(31 * day));
  child("task_messages", "c1");
  child("mcp_tool_executions", "c2");
  log("info", ago(1h), "gone");
  tables_.execute("INSERT INTO oauth_auth_codes (code, user_id, client_id,"
                  " expires_at) VALUES ('k', 'gone', 'x', '"
                  + ago(-1h) + "')");
  tables_.execute("INSERT INTO oauth_refresh_tokens (token_id, user_id,"
                  " client_id, expires_at) VALUES ('k', 'gone', 'x', '"
                  + ago(-1h) + "')");
  auto counters = std::map<std::string, std::int64_t>{
      {"users", 1},      {"contexts", 2},       {"task_messages", 1},
      {"auth_codes", 1}, {"refresh_tokens", 1}, {"sessions_kept", 1}};

  fake_context dry;
  dry.enforced = false;
  EXPECT_EQ(run("cleanup_anonymous_users", dry).counters, counters);
  EXPECT_EQ(tables_.count("users"), 1);
  EXPECT_EQ(tables_.count("user_contexts"), 2);

  EXPECT_EQ(run("cleanup_anonymous_users").counters, counters);
  EXPECT_EQ(tables_.count("users"), 0);
  EXPECT_EQ(tables_.count("user_roles"), 0);
  EXPECT_EQ(tables_.count("user_contexts"), 0);
  EXPECT_EQ(tables_.count("task_messages"), 0);
  EXPECT_EQ(tables_.count("mcp_tool_executions WHERE context_id IS NULL"), 1);
  EXPECT_EQ(tables_.count("oauth_auth_codes"), 0);
  EXPECT_EQ(tables_.count("oauth_refresh_tokens"), 0);
  EXPECT_EQ(tables_.count("user_sessions WHERE user_id IS NULL"), 1);
  EXPECT_EQ(tables_.count("logs WHERE user_id = 'gone'"), 1);
  EXPECT_EQ(tables_.count("anonymous_user_index"), 0);
  EXPECT_EQ(tables_.count("empty_context_index"), 0);
}

TEST_P(cleanup_test, users_with_more_rows_than_a_batch_go_in_several) {
  tables_.db().transact([this] {
    user("heavy", ago(31 * day));
    for (int i = 0; i < 1500; ++i)
      context("c" + std::to_string(i), "heavy", ago(31 * day));
    for (int i = 0; i < 1200; ++i)
      user("u" + std::to_string(i), ago(40 * day));
  });
  auto result = run("cleanup_anonymous_users");
  EXPECT_EQ(result.counters.at("users"), 1201);
  EXPECT_EQ(result.counters.at("contexts"), 1500);
  EXPECT_EQ(tables_.count("users"), 0);
}

// cleanup_empty_contexts

TEST_P(cleanup_test, contexts_go_only_when_created_more_than_the_hours_ago) {
  user("u", ago(0s), "member");
  context("exactly", "u", ago(24h));
  context("older", "u", ago(24h + 1s));
  context("younger", "u", ago(24h - 1s));
  auto result = run("cleanup_empty_contexts");
  EXPECT_EQ(result.counters.at("contexts"), 1) << result.error;
  EXPECT_EQ(all("context_id", "user_contexts"), "exactly younger");
}

TEST_P(cleanup_test, contexts_in_which_something_happened_stay) {
  user("u", ago(0s), "member");
  session("s", "u", ago(0s));
  for (const char* table :
       {"task_messages", "mcp_tool_executions", "governance_decisions"}) {
    context(table, "u", ago(9 * day));
    child(table, table);
    auto emptied = std::string{"emptied_"} + table;
    context(emptied, "u", ago(9 * day));
    child(table, emptied);
    tables_.execute(std::string{"DELETE FROM "} + table
                    + " WHERE context_id = '" + emptied + "'");
  }
  context("cli", "u", ago(9 * day), "cli_session", "s");
  context("cli_without", "u", ago(9 * day), "cli_session");
  context("other_with", "u", ago(9 * day), "user", "s");

  fake_context dry;
  dry.enforced = false;
  EXPECT_EQ(run("cleanup_empty_contexts", dry).counters.at("contexts"), 5);
  EXPECT_EQ(tables_.count("user_contexts"), 9);
  EXPECT_EQ(run("cleanup_empty_contexts").counters.at("contexts"), 5);
  EXPECT_EQ(all("context_id", "user_contexts"),
            "cli governance_decisions mcp_tool_executions task_messages");
}

// cleanup_inactive_sessions

TEST_P(cleanup_test, sessions_are_closed_once_idle_for_the_hours) {
  session("exactly", "", ago(1h));
  session("longer", "", ago(1h + 1s));
  session("shorter", "", ago(1h - 1s));
  auto result = run("cleanup_inactive_sessions");
  EXPECT_EQ(result.counters.at("sessions_closed"), 2) << result.error;
  EXPECT_EQ(all("session_id", "user_sessions WHERE ended_at IS NULL"),
            "shorter");
  EXPECT_EQ(tables_.count("user_sessions WHERE ended_at = '" + ago(0s) + "'"),
            2);
}

TEST_P(cleanup_test, sessions_are_deleted_after_the_days_and_contexts_kept) {
  user("u", ago(0s), "member");
  for (auto [name, age] : {std::pair{"exactly", 90 * day + 0s},
                           {"older", 90 * day + 1s},
                           {"younger", 90 * day - 1s}})
    session(name, "u", ago(91 * day), ago(age));
  context("c", "u", ago(0s), "user", "older");
  fake_context dry;
  dry.enforced = false;
  auto counters = std::map<std::string, std::int64_t>{{"sessions_closed", 0},
                                                      {"sessions_deleted", 1},
                                                      {"contexts_detached", 1}};
  EXPECT_EQ(run("cleanup_inactive_sessions", dry).counters, counters);
  EXPECT_EQ(tables_.count("user_sessions"), 3);
  EXPECT_EQ(run("cleanup_inactive_sessions").counters, counters);
  EXPECT_EQ(all("session_id", "user_sessions"), "exactly younger");
  EXPECT_EQ(tables_.count("user_contexts WHERE session_id IS NULL"), 1);
}

TEST_P(cleanup_test, sessions_are_never_deleted_with_retention_zero) {
  session("old", "", ago(999 * day), ago(998 * day));
  auto result = run("cleanup_inactive_sessions", {{"retention_days", "0"}});
  EXPECT_EQ(result.counters.at("sessions_deleted"), 0);
  EXPECT_EQ(tables_.count("user_sessions"), 1);
}

// database_cleanup

TEST_P(cleanup_test, logs_go_by_age_and_level_and_with_their_users) {
  user("here", ago(0s), "member");
  log("info", ago(30 * day));
  log("INFO", ago(30 * day + 1s));
  log("DEBUG", ago(2 * day + 1s));
  log("debug", ago(2 * day));
  log("error", ago(99 * day), "here");
  log("warn", ago(3 * day), "here");
  log("warn", ago(30 * day + 1s), "ghost");
  log("info", ago(1h), "ghost");
  parameter_map given{{"log_retention_days_debug", "2"},
                      {"log_retention_days_error", "100"},
                      {"only", "logs"}};
  fake_context dry;
  dry.enforced = false;
  dry.given = given;
  auto foretold = run("database_cleanup", dry);
  EXPECT_EQ(tables_.count("logs"), 8);
  auto result = run("database_cleanup", given);
  EXPECT_EQ(result.counters, foretold.counters);
  EXPECT_EQ(result.counters.at("logs_orphaned"), 2) << result.error;
  EXPECT_EQ(result.counters.at("logs_expired"), 2);
  EXPECT_EQ(result.counters.at("vacuumed"), 0);
  EXPECT_EQ(all("level", "logs"), "debug error info warn");
}

TEST_P(cleanup_test, oauth_rows_go_when_they_expire) {
  user("u", ago(0s), "member");
  auto code = [this](const char* id, milliseconds age, bool used) {
    tables_.execute(std::string{"INSERT INTO oauth_auth_codes (code, user_id,"
                                " client_id, expires_at, used_at) VALUES ('"}
                    + id + "', 'u', 'x', '" + ago(age) + "', "
                    + (used ? quoted(ago(1s)) : "NULL") + ")");
  };
  code("expired", 0s, false);
  code("expired_and_used", 1s, true);
  code("used", -1s, true);
  code("valid", -1s, false);
  for (auto [id, age] : {std::pair{"old", 1s}, {"new", -1s}}) {
    auto values = std::string{" VALUES ('"} + id + "', '" + ago(age) + "')";
    tables_.execute("INSERT INTO oauth_state_bindings (key, expires_at)"
                    + values);
    tables_.execute("INSERT INTO oauth_jti_revocations (jti, exp)" + values);
    tables_.execute("INSERT INTO id_jag_replay (key, expires_at)" + values);
    tables_.execute(std::string{"INSERT INTO oauth_refresh_tokens (token_id,"
                                " user_id, client_id, expires_at) VALUES ('"}
                    + id + "', 'u', 'x', '" + ago(age) + "')");
  }
  fake_context dry;
  dry.enforced = false;
  auto foretold = run("database_cleanup", dry);
  EXPECT_EQ(foretold.counters.at("vacuumed"), 0);
  auto result = run("database_cleanup");
  EXPECT_EQ(result.kind, outcome_kind::succeeded) << result.error;
  EXPECT_EQ(result.counters.at("vacuumed"), 1) << result.message;
  foretold.counters["vacuumed"] = 1;
  EXPECT_EQ(result.counters, foretold.counters);
  EXPECT_EQ(result.counters.at("auth_codes"), 3);
  EXPECT_EQ(all("code", "oauth_auth_codes"), "valid");
  EXPECT_EQ(all("token_id", "oauth_refresh_tokens"), "new");
  EXPECT_EQ(all("key", "oauth_state_bindings"), "new");
  EXPECT_EQ(all("jti", "oauth_jti_revocations"), "new");
  EXPECT_EQ(all("key", "id_jag_replay"), "new");
}

// All of them

TEST_P(cleanup_test, a_stop_ends_between_batches_and_keeps_what_was_done) {
  tables_.db().transact([this] {
    for (int i = 0; i < 2500; ++i)
      log("info", ago(31 * day));
  });
  fake_context context;
  context.given = {{"only", "logs"}};
  context.stop_after = 3; // the ghosts, and two batches
  auto result = run("database_cleanup", context);
  EXPECT_EQ(result.kind, outcome_kind::interrupted);
  EXPECT_EQ(result.counters.at("logs_expired"), 2000);
  EXPECT_EQ(tables_.count("logs"), 500);
}

TEST_P(cleanup_test, a_negative_threshold_is_an_error) {
  auto result = run("cleanup_inactive_sessions", {{"inactive_hours", "-1"}});
  EXPECT_EQ(result.kind, outcome_kind::failed);
  EXPECT_FALSE(result.retryable);
  EXPECT_EQ(result.error,
            "parameter \"inactive_hours\" must be at least 0, not \"-1\"");
  EXPECT_EQ(run("database_cleanup", {{"only", "log"}}).kind,
            outcome_kind::failed);
}

TEST_P(cleanup_test, times_in_another_spelling_are_understood) {
  user("offset", "2027-01-01T00:00:00+02:00");
  user("space", "2027-02-26 11:59:59");
  user("fresh", "2027-02-26 12:00:01");
  EXPECT_EQ(run("cleanup_anonymous_users").counters.at("users"), 2);
  EXPECT_EQ(all("id", "users"), "fresh");
  EXPECT_THROW(user("wrong", "whenever"), database_error);
}

JOBQ_ON_EVERY_DATABASE(cleanup_test);

} // namespace jobq
