#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "extensions/database/database_url.hpp"

namespace jobq {

/// What a statement came to when it came to nothing. The one exception that
/// this folder and extensions/content/ let out: a job function turns it into
/// its result. The message holds no password.
class database_error : public std::runtime_error {
public:
  database_error(const std::string& message, bool again, bool conflict = false)
      : std::runtime_error{message}, retryable_{again}, conflict_{conflict} {}

  /// Whether the same may work later: busy, unreachable, full.
  bool retryable() const noexcept { return retryable_; }
  /// Whether another transaction got in the way, so that this one may simply be
  /// run once more.
  bool conflict() const noexcept { return conflict_; }

private:
  bool retryable_;
  bool conflict_;
};

/// A parameter's value; none is NULL.
using sql_value = std::variant<std::monostate, std::int64_t, std::string>;

/// The values of a statement's named parameters (`:name`).
using sql_parameters = std::vector<std::pair<std::string, sql_value>>;

/// A row of results, every column as text; none is NULL.
using sql_row = std::vector<std::optional<std::string>>;

/// One connection to the application's database, with its schema in place.
/// Statements are prepared once each. Not thread-safe. All methods throw
/// `database_error`.
class database {
public:
  /// Connects; makes the file, its folders and the schema where there are none.
  static std::unique_ptr<database> open(const database_url& url);

  ~database();
  database(const database&) = delete;
  database& operator=(const database&) = delete;

  jobq::dialect dialect() const noexcept;

  /// Runs a statement without results. @returns how many rows it touched, not
  /// counting what foreign keys and triggers did.
  std::uint64_t execute(const std::string& sql,
                        const sql_parameters& parameters = {});

  /// Runs a query of `columns` columns.
  std::vector<sql_row> query(const std::string& sql, int columns,
                             const sql_parameters& parameters = {});

  /// Runs a query of one number.
  std::int64_t number(const std::string& sql,
                      const sql_parameters& parameters = {});

  /// Runs a script of several statements without parameters.
  void run_script(const std::string& script);

  /// Runs `work` in a transaction that sees one state of the database and, on
  /// SQLite, is the only writer from its beginning. Rolls back when `work`
  /// throws; runs it again, up to five times, after a conflict.
  void transact(const std::function<void()>& work);

  /// Hears every statement before it runs.
  void on_statement(std::function<void(const std::string&)> listener);

private:
  class implementation;
  explicit database(std::unique_ptr<implementation> inside);
  std::unique_ptr<implementation> inside_;
};

/// `COLUMN IN (:keys)` for the list that `key_list` makes, in the dialect.
std::string in_keys(dialect kind, std::string_view column);

/// Any number of text keys as the one value of parameter `keys`.
std::string key_list(dialect kind, const std::vector<std::string>& keys);

} // namespace jobq
