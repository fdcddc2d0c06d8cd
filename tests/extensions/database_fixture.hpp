#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "extensions/database/database.hpp"

namespace jobq::test {

/// A folder of its own that goes with the test.
class scratch_folder {
public:
  scratch_folder();
  ~scratch_folder();
  const std::filesystem::path& path() const { return path_; }

  /// Writes a file, with its folders, and sets its time to an hour ago.
  void write(const std::string& name, const std::string& text) const;

private:
  std::filesystem::path path_;
};

/// A database of its own: a new file, or on PostgreSQL a new schema.
class test_database {
public:
  explicit test_database(dialect kind);
  ~test_database();

  const std::string& url() const { return url_; }
  /// A second connection, for filling in and looking.
  database& db() { return *db_; }
  void execute(const std::string& sql) { db_->execute(sql); }
  std::int64_t count(const std::string& from);

private:
  scratch_folder folder_;
  std::string url_;
  std::string schema_; ///< of PostgreSQL
  std::unique_ptr<database> db_;
};

/// SQLite, and PostgreSQL when JOBQ_TEST_POSTGRESQL_URL names one.
std::vector<dialect> databases();
std::string database_name(const testing::TestParamInfo<dialect>& info);

/// Runs a suite once on each database that there is.
#define JOBQ_ON_EVERY_DATABASE(suite)                                          \
  INSTANTIATE_TEST_SUITE_P(on, suite, testing::ValuesIn(test::databases()),    \
                           test::database_name)

} // namespace jobq::test
