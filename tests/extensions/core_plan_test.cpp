#include <set>

#include "tests/extensions/core_fixture.hpp"

namespace jobq {

using test::fake_context;

namespace {

using core_job = outcome (*)(core_call&);

/// What a job asks of its database while it does all that it can do.
std::set<std::string> statements_of(test::test_database& tables,
                                    const char* name, core_job job,
                                    bool enforce) {
  std::set<std::string> heard;
  tables.db().on_statement(
      [&heard](const std::string& sql) { heard.insert(sql); });
  fake_context context;
  context.enforced = enforce;
  core_environment environment;
  for (const auto& spec : core_function_specs())
    if (spec.name == name) {
      parameter_reader parameters{spec, context.parameters()};
      core_call call{context, parameters, environment, tables.db()};
      job(call);
    }
  tables.db().on_statement({});
  return heard;
}

void fill(test::test_database& tables) {
  tables.db().run_script(
      "INSERT INTO users (id, created_at) VALUES ('a', '2020-01-01');"
      "INSERT INTO user_roles (user_id, role) VALUES ('a', 'anonymous');"
      "INSERT INTO users (id, created_at) VALUES ('h', '2020-01-01');"
      "INSERT INTO user_roles (user_id, role) VALUES ('h', 'anonymous');"
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n"
      " WHERE i < 1001) INSERT INTO user_contexts (context_id, user_id,"
      " created_at, updated_at) SELECT 'c' || i, 'h', '2020-01-01',"
      " '2020-01-01' FROM n;"
      "INSERT INTO users (id, created_at) VALUES ('m', '2020-01-01');"
      "INSERT INTO user_contexts (context_id, user_id, created_at, updated_at)"
      " VALUES ('x', 'm', '2020-01-01', '2020-01-01');"
      "INSERT INTO user_sessions (session_id, started_at, last_activity_at,"
      " ended_at) VALUES ('s', '2020-01-01', '2020-01-01', '2020-01-01');"
      "INSERT INTO logs (timestamp, level, user_id) VALUES"
      " ('2020-01-01', 'info', 'ghost'), ('2020-01-01', 'info', NULL);");
}

} // namespace

TEST(core_plan, no_statement_of_a_clean_up_scans_a_table) {
  const std::pair<const char*, core_job> jobs[]
      = {{"cleanup_empty_contexts", cleanup_empty_contexts},
         {"cleanup_inactive_sessions", cleanup_inactive_sessions},
         {"cleanup_anonymous_users", cleanup_anonymous_users},
         {"database_cleanup", database_cleanup}};
  const std::set<std::string> walked{"json_each",  "walk",       "messages",
                                     "dependents", "(subquery-", "CONSTANT"};
  for (bool enforce : {false, true})
    for (const auto& [name, job] : jobs) {
      test::test_database tables{dialect::sqlite};
      fill(tables);
      for (const auto& sql : statements_of(tables, name, job, enforce)) {
        if (sql.starts_with("INSERT"))
          continue;
        auto plan = tables.db().query("EXPLAIN QUERY PLAN " + sql, 4);
        EXPECT_FALSE(plan.empty()) << sql;
        for (const auto& step : plan) {
          const auto& text = *step[3];
          bool harmless = !text.starts_with("SCAN");
          for (const auto& each : walked)
            harmless = harmless || text.starts_with("SCAN " + each);
          EXPECT_TRUE(harmless) << text << "\n" << sql;
          EXPECT_EQ(text.find("FOR ORDER BY"), text.npos) << text << sql;
        }
      }
    }
}

} // namespace jobq
