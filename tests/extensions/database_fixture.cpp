#include "tests/extensions/database_fixture.hpp"

#include <chrono>
#include <cstdlib>
#include <fstream>

#include <unistd.h>

namespace jobq::test {

namespace {

std::string unique_name() {
  static int count = 0;
  return "jobq_test_" + std::to_string(::getpid()) + "_"
         + std::to_string(++count);
}

const char* postgresql_url() {
  return std::getenv("JOBQ_TEST_POSTGRESQL_URL");
}

database_url parsed(const std::string& url) {
  return parse_database_url(url).value();
}

/// A connection to PostgreSQL's default schema would be shared by all tests.
void on_server(const std::string& sql) {
  auto db = database::open(parsed(postgresql_url()));
  db->run_script(sql);
}

} // namespace

scratch_folder::scratch_folder()
    : path_{std::filesystem::temp_directory_path() / unique_name()} {
  std::filesystem::create_directories(path_);
}

scratch_folder::~scratch_folder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

void scratch_folder::write(const std::string& name,
                           const std::string& text) const {
  auto file = path_ / name;
  std::filesystem::create_directories(file.parent_path());
  std::ofstream{file, std::ios::binary} << text;
  std::filesystem::last_write_time(file,
                                   std::filesystem::file_time_type::clock::now()
                                       - std::chrono::hours{1});
}

test_database::test_database(dialect kind) {
  if (kind == dialect::sqlite) {
    url_ = "sqlite:///" + (folder_.path() / "new/folder/app.db").string();
  } else {
    schema_ = unique_name();
    on_server("CREATE SCHEMA " + schema_);
    std::string base = postgresql_url();
    url_ = base + (base.find('?') == base.npos ? "?" : "&")
           + "options=-csearch_path%3D" + schema_;
  }
  db_ = database::open(parsed(url_));
}

test_database::~test_database() {
  db_.reset();
  if (!schema_.empty())
    on_server("DROP SCHEMA " + schema_ + " CASCADE");
}

std::int64_t test_database::count(const std::string& from) {
  return db_->number("SELECT COUNT(*) FROM " + from);
}

std::vector<dialect> databases() {
  std::vector<dialect> all{dialect::sqlite};
  if (postgresql_url())
    all.push_back(dialect::postgresql);
  return all;
}

std::string database_name(const testing::TestParamInfo<dialect>& info) {
  return info.param == dialect::sqlite ? "sqlite" : "postgresql";
}

} // namespace jobq::test
