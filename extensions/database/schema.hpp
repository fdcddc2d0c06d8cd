#pragma once

namespace jobq {

class database;

/// The schema that this program knows; see table `schema_version`.
inline constexpr int schema_version = 1;

/// The scripts of extensions/database/schema/.
extern const char* const sqlite_schema;
extern const char* const postgresql_schema;

/// Makes the tables when there are none; two processes may do so at once.
/// Throws `database_error` for a schema that is newer than this program.
void ensure_schema(database& target);

} // namespace jobq
