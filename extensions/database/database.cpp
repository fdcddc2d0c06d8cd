#include "extensions/database/database.hpp"

#include <cstdlib>
#include <deque>
#include <filesystem>
#include <unordered_map>

#include <soci/postgresql/soci-postgresql.h>
#include <soci/soci.h>
#include <soci/sqlite3/soci-sqlite3.h>

#include "extensions/database/schema.hpp"
#include "extensions/database/text.hpp"

namespace jobq {

namespace {

constexpr int conflict_attempts = 5;

/// SQLite's primary result codes that are not what they seem to a job.
bool sqlite_retryable(int code) {
  switch (code & 0xff) {
  case SQLITE_BUSY:
  case SQLITE_LOCKED:
  case SQLITE_FULL:
  case SQLITE_IOERR:
  case SQLITE_CANTOPEN:
  case SQLITE_NOMEM:
  case SQLITE_READONLY:
    return true;
  default:
    return false;
  }
}

/// PostgreSQL's error classes that pass: connection, rollback, resources,
/// locks, operator intervention, system.
bool postgresql_retryable(const std::string& state) {
  for (std::string_view kind : {"08", "40", "53", "55", "57", "58"})
    if (state.starts_with(kind))
      return true;
  return state.size() != 5 || state == "     ";
}

std::string one_line(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == ' '))
    text.pop_back();
  for (char& each : text)
    if (each == '\n' || each == '\r')
      each = ' ';
  return text;
}

/// Runs `work` and translates what SOCI throws. Only SOCI's message is kept:
/// its context repeats the values of parameters.
template <class Work>
decltype(auto) translated(const database_url& url, Work&& work) {
  auto text = [&url](const soci::soci_error& error) {
    return url.place() + ": " + one_line(url.redact(error.get_error_message()));
  };
  try {
    return work();
  } catch (const soci::sqlite3_soci_error& error) {
    throw database_error{text(error), sqlite_retryable(error.result())};
  } catch (const soci::postgresql_soci_error& error) {
    auto state = error.sqlstate();
    throw database_error{text(error), postgresql_retryable(state),
                         state == "40001" || state == "40P01"};
  } catch (const soci::soci_error& error) {
    throw database_error{text(error), true};
  }
}

/// A statement, prepared, with places for its values that do not move.
class prepared {
public:
  prepared(soci::session& session, const std::string& sql, int columns,
           const sql_parameters& parameters)
      : statement_{session}, results_(static_cast<std::size_t>(columns)) {
    for (const auto& [name, value] : parameters)
      bind(name, value);
    for (auto& each : results_)
      statement_.exchange(soci::into(each.text, each.indicator));
    statement_.alloc();
    statement_.prepare(sql);
    statement_.define_and_bind();
  }

  std::uint64_t execute(const sql_parameters& parameters) {
    assign(parameters);
    statement_.execute(true);
    auto rows = statement_.get_affected_rows();
    return rows < 0 ? 0 : static_cast<std::uint64_t>(rows);
  }

  std::vector<sql_row> query(const sql_parameters& parameters) {
    assign(parameters);
    std::vector<sql_row> rows;
    statement_.execute();
    // To the end: a statement left half-way would hold its read lock.
    while (statement_.fetch()) {
      auto& row = rows.emplace_back();
      row.reserve(results_.size());
      for (const auto& each : results_)
        row.push_back(each.indicator == soci::i_ok ? std::optional{each.text}
                                                   : std::nullopt);
    }
    return rows;
  }

private:
  struct cell {
    std::string text;
    long long number = 0;
    soci::indicator indicator = soci::i_null;
  };

  void bind(const std::string& name, const sql_value& value) {
    auto& place = values_.emplace_back();
    if (std::holds_alternative<std::int64_t>(value))
      statement_.exchange(soci::use(place.number, place.indicator, name));
    else
      statement_.exchange(soci::use(place.text, place.indicator, name));
  }

  void assign(const sql_parameters& parameters) {
    for (std::size_t i = 0; i < parameters.size(); ++i) {
      auto& place = values_.at(i);
      const auto& value = parameters[i].second;
      place.indicator = std::holds_alternative<std::monostate>(value)
                            ? soci::i_null
                            : soci::i_ok;
      if (auto number = std::get_if<std::int64_t>(&value))
        place.number = *number;
      else if (auto text = std::get_if<std::string>(&value))
        place.text = *text;
    }
  }

  soci::statement statement_;
  std::deque<cell> values_;
  std::vector<cell> results_;
};

void make_folders(const std::string& file) {
  auto folder = std::filesystem::path{file}.parent_path();
  if (folder.empty())
    return;
  std::error_code code;
  std::filesystem::create_directories(folder, code);
  if (code)
    throw database_error{file + ": can't make the folder: " + code.message(),
                         true};
}

} // namespace

class database::implementation {
public:
  explicit implementation(database_url target) : url{std::move(target)} {
    if (url.dialect == dialect::sqlite) {
      make_folders(url.path);
      session.open(soci::sqlite3, "dbname=\"" + url.path + "\" timeout=10");
    } else {
      session.open(soci::postgresql, url.connection);
    }
  }

  prepared& statement(const std::string& sql, int columns,
                      const sql_parameters& parameters) {
    if (listener)
      listener(sql);
    auto& known = statements[sql];
    if (!known)
      known = std::make_unique<prepared>(session, sql, columns, parameters);
    return *known;
  }

  void control(const char* sql) { session << sql; }

  const database_url url;
  soci::session session;
  std::unordered_map<std::string, std::unique_ptr<prepared>> statements;
  std::function<void(const std::string&)> listener;
};

database::database(std::unique_ptr<implementation> inside)
    : inside_{std::move(inside)} {}

database::~database() {
  inside_->statements.clear(); // before the session that they belong to
}

std::unique_ptr<database> database::open(const database_url& url) {
  auto opened = translated(url, [&url] {
    return std::unique_ptr<database>{
        new database{std::make_unique<implementation>(url)}};
  });
  opened->run_script(url.dialect == dialect::sqlite
                         ? "PRAGMA foreign_keys = ON;"
                           "PRAGMA journal_mode = WAL;"
                           "PRAGMA synchronous = NORMAL;"
                         : "SET TIME ZONE 'UTC';"
                           "SET client_min_messages = warning;"
                           "SET lock_timeout = '10s';");
  ensure_schema(*opened);
  return opened;
}

dialect database::dialect() const noexcept {
  return inside_->url.dialect;
}

std::uint64_t database::execute(const std::string& sql,
                                const sql_parameters& parameters) {
  return translated(inside_->url, [&] {
    return inside_->statement(sql, 0, parameters).execute(parameters);
  });
}

std::vector<sql_row> database::query(const std::string& sql, int columns,
                                     const sql_parameters& parameters) {
  return translated(inside_->url, [&] {
    return inside_->statement(sql, columns, parameters).query(parameters);
  });
}

std::int64_t database::number(const std::string& sql,
                              const sql_parameters& parameters) {
  auto rows = query(sql, 1, parameters);
  if (rows.empty() || !rows[0][0])
    return 0;
  return std::strtoll(rows[0][0]->c_str(), nullptr, 10);
}

void database::run_script(const std::string& script) {
  translated(inside_->url, [&] {
    if (inside_->url.dialect == dialect::postgresql) {
      inside_->session << script;
      return;
    }
    // SOCI runs the first statement of a text alone.
    auto* connection = static_cast<soci::sqlite3_session_backend*>(
                           inside_->session.get_backend())
                           ->conn_;
    int code = sqlite_api::sqlite3_exec(connection, script.c_str(), nullptr,
                                        nullptr, nullptr);
    if (code != SQLITE_OK)
      throw soci::sqlite3_soci_error{sqlite_api::sqlite3_errmsg(connection),
                                     code};
  });
}

void database::transact(const std::function<void()>& work) {
  bool sqlite = dialect() == dialect::sqlite;
  auto control = [this](const char* sql) {
    translated(inside_->url, [&] { inside_->control(sql); });
  };
  for (int attempt = 1;; ++attempt) {
    // IMMEDIATE: a transaction that reads first could not wait for a writer.
    control(sqlite ? "BEGIN IMMEDIATE"
                   : "BEGIN ISOLATION LEVEL REPEATABLE READ");
    try {
      work();
      control("COMMIT");
      return;
    } catch (const std::exception& error) {
      try {
        control("ROLLBACK");
      } catch (const database_error&) {
        // The first error tells more; a lost connection has rolled back.
      }
      auto* fault = dynamic_cast<const database_error*>(&error);
      if (!fault || !fault->conflict() || attempt == conflict_attempts)
        throw;
    }
  }
}

void database::on_statement(std::function<void(const std::string&)> listener) {
  inside_->listener = std::move(listener);
}

std::string in_keys(dialect kind, std::string_view column) {
  return std::string{column}
         + (kind == dialect::sqlite ? " IN (SELECT value FROM json_each(:keys))"
                                    : " = ANY(CAST(:keys AS TEXT[]))");
}

std::string key_list(dialect kind, const std::vector<std::string>& keys) {
  std::string list;
  for (const auto& key : keys) {
    list += list.empty() ? "" : ",";
    if (kind == dialect::sqlite) {
      list += json_string(key);
      continue;
    }
    list += '"';
    for (char each : key) {
      if (each == '"' || each == '\\')
        list += '\\';
      list += each;
    }
    list += '"';
  }
  return kind == dialect::sqlite ? "[" + list + "]" : "{" + list + "}";
}

} // namespace jobq
