#include "extensions/database/schema.hpp"

#include "extensions/database/database.hpp"

namespace jobq {

namespace {

bool has_schema(database& target) {
  if (target.dialect() == dialect::sqlite)
    return target.number("SELECT COUNT(*) FROM sqlite_master"
                         " WHERE type = 'table' AND name = 'schema_version'")
           == 1;
  // Not a look into pg_class: a transaction that waited for the lock would see
  // it as it was before the wait.
  return target.number("SELECT CASE WHEN to_regclass('schema_version') IS NULL"
                       " THEN 0 ELSE 1 END")
         == 1;
}

void create(database& target) {
  target.transact([&target] {
    bool postgresql = target.dialect() == dialect::postgresql;
    // SQLite's transaction is alone anyway. The number is jobq's own.
    if (postgresql)
      target.query("SELECT pg_advisory_xact_lock(7816351247)::text", 1);
    if (has_schema(target))
      return; // another process was first
    target.run_script(postgresql ? postgresql_schema : sqlite_schema);
    target.execute(std::string{"INSERT INTO schema_version"
                               " (version, applied_at) VALUES (:version, "}
                       + (postgresql
                              ? "now())"
                              : "strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))"),
                   {{"version", schema_version}});
  });
}

} // namespace

void ensure_schema(database& target) {
  if (!has_schema(target))
    create(target);
  auto version = target.number("SELECT MAX(version) FROM schema_version");
  if (version > schema_version)
    throw database_error{"the database's schema has version "
                             + std::to_string(version)
                             + ", this jobq knows versions up to "
                             + std::to_string(schema_version),
                         false};
}

} // namespace jobq
