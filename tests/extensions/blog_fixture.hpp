#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "extensions/jobq_extension.h"
#include "tests/extensions/database_fixture.hpp"

namespace jobq::test {

/// The extension of the library that was built; opened once.
const jobq_extension& blog_library();

/// What one call of a function came to, as its host heard it.
struct ingestion {
  jobq_status status = JOBQ_SUCCEEDED;
  std::string message;
  std::string error;
  std::map<std::string, std::int64_t> counters;
  std::uint64_t processed = 0;
  std::uint64_t failed = 0;
  std::vector<std::pair<jobq_log_level, std::string>> lines;
  std::vector<std::pair<double, std::string>> progress;

  /// `found/inserted/updated/unchanged/skipped/failed`
  std::string digits() const;
};

/// In place of a job host: calls `content_ingestion` through the C interface.
struct blog_host {
  bool enforce = true;
  int stop_after = 1 << 30; ///< questions until the answer is yes

  ingestion run(const std::map<std::string, std::string>& given) const;
};

/// A good post.
std::string post(const std::string& slug, const std::string& body = "text");

/// A blog.yaml in a folder, with one source `blog` in its folder `posts`.
class blog_test : public testing::TestWithParam<dialect> {
protected:
  blog_test();

  /// Writes the blog.yaml anew.
  void configure(const std::string& yaml) const;
  std::string config() const;
  ingestion ingest(std::map<std::string, std::string> more = {}) const;

  /// A column of the row of a slug; `no row`, or `null`.
  std::string column(const std::string& name, const std::string& slug);

  test_database tables_;
  scratch_folder folder_;
  blog_host host_;
};

} // namespace jobq::test
