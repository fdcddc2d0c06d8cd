#include "tests/extensions/blog_fixture.hpp"

#include <algorithm>
#include <cstdio>
#include <sstream>

#include "extensions/blog/progress_pace.hpp"

namespace jobq {

using test::post;

namespace {

class blog_ingestion : public test::blog_test {};

/// Which database is worked on; a file of SQLite says it all.
class blog_database : public test::blog_test {};

/// What a program prints.
std::string printed(const std::string& command) {
  std::string text;
  FILE* output = ::popen(command.c_str(), "r");
  char part[256];
  while (std::fgets(part, sizeof part, output))
    text += part;
  ::pclose(output);
  return text;
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

} // namespace

TEST(blog_library, describes_its_function) {
  const auto& blog = test::blog_library();
  EXPECT_EQ(blog.version, static_cast<unsigned>(JOBQ_EXTENSION_VERSION));
  EXPECT_STREQ(blog.name, "blog");
  ASSERT_EQ(blog.function_count, 1u);
  const auto& function = blog.functions[0];
  EXPECT_STREQ(function.name, "content_ingestion");
  EXPECT_STREQ(function.default_schedule, "0 0 * * * *");
  std::vector<std::string> names;
  for (std::size_t i = 0; i < function.parameter_count; ++i)
    names.emplace_back(function.parameters[i].name);
  EXPECT_EQ(names, (std::vector<std::string>{"config", "database", "dry_run"}));
}

TEST(blog_library, exports_its_entry_and_nothing_else) {
  std::istringstream symbols{printed(JOBQ_NM " -D --defined-only "
                                             "'" JOBQ_BLOG_LIBRARY "'")};
  std::vector<std::string> names;
  for (std::string address, kind, name; symbols >> address >> kind >> name;)
    names.push_back(name);
  EXPECT_EQ(names, std::vector<std::string>{"jobq_extension_v1"});
}

TEST(blog_progress, is_told_by_the_percent_or_by_the_tenth_of_a_second) {
  using namespace std::chrono_literals;
  blog::progress_pace pace;
  blog::progress_pace::clock::time_point now{};
  EXPECT_TRUE(pace.due(0.001, now));
  EXPECT_FALSE(pace.due(0.002, now + 99ms));
  EXPECT_TRUE(pace.due(0.003, now + 100ms));
  EXPECT_FALSE(pace.due(0.012, now + 101ms));
  EXPECT_TRUE(pace.due(0.0131, now + 101ms));
}

TEST_P(blog_ingestion, inserts_then_leaves_alone_then_updates) {
  folder_.write("posts/a.md", post("a"));
  folder_.write("posts/2027/b.md", post("2027/b"));
  folder_.write("posts/note.txt", "no post");
  auto first = ingest();
  EXPECT_EQ(first.status, JOBQ_SUCCEEDED) << first.error;
  EXPECT_EQ(first.digits(), "2/2/0/0/0/0");
  EXPECT_EQ(first.processed, 2u);
  EXPECT_EQ(first.message, "2 files found, 2 inserted");
  EXPECT_EQ(column("source_id", "a"), "blog");
  EXPECT_EQ(column("file_path", "2027/b"), "2027/b.md");
  EXPECT_EQ(ingest().digits(), "2/0/0/2/0/0");
  folder_.write("posts/a.md", post("a", "longer text"));
  EXPECT_EQ(ingest().digits(), "2/0/1/1/0/0");
  EXPECT_EQ(column("body", "a"), "longer text\n");
}

TEST_P(blog_ingestion, takes_dates_and_rfc_3339_times) {
  auto dated = [](const std::string& slug, const std::string& at) {
    auto text = post(slug);
    return text.replace(text.find("2027-01-01"), 10, at);
  };
  folder_.write("posts/a.md", dated("a", "2027-03-28"));
  folder_.write("posts/b.md", dated("b", "2027-03-28T12:30:00+02:00"));
  folder_.write("posts/c.md", dated("c", "28 March"));
  auto result = ingest();
  EXPECT_EQ(result.digits(), "3/2/0/0/0/1");
  EXPECT_TRUE(contains(column("published_at", "a"), "2027-03-28"));
  EXPECT_TRUE(contains(column("published_at", "b"), "10:30:00"));
}

TEST_P(blog_ingestion, tells_of_a_bad_file_and_takes_the_others) {
  folder_.write("posts/bad.md", "---\ntitle: x\nslug: BAD\n---\n");
  folder_.write("posts/good.md", post("good"));
  auto result = ingest();
  EXPECT_EQ(result.status, JOBQ_SUCCEEDED);
  EXPECT_EQ(result.digits(), "2/1/0/0/0/1");
  EXPECT_EQ(result.failed, 1u);
  ASSERT_EQ(result.lines.size(), 1u);
  EXPECT_EQ(result.lines[0].first, JOBQ_LOG_ERROR);
  EXPECT_TRUE(contains(result.lines[0].second,
                       (folder_.path() / "posts/bad.md").string() + ":3: slug"))
      << result.lines[0].second;
  EXPECT_TRUE(contains(result.message, "bad.md:3:"));
}

TEST_P(blog_ingestion, fails_when_every_file_failed) {
  folder_.write("posts/a.md", "no front matter");
  folder_.write("posts/b.md", "---\ntitle: x\n---\n");
  auto result = ingest();
  EXPECT_EQ(result.status, JOBQ_FAILED);
  EXPECT_EQ(result.digits(), "2/0/0/0/0/2");
  EXPECT_TRUE(contains(result.error, "no file could be ingested"));
  EXPECT_TRUE(contains(result.error, "a.md:1:")) << result.error;
}

TEST_P(blog_ingestion, changes_nothing_in_a_dry_run_or_when_not_enforced) {
  folder_.write("posts/a.md", post("a"));
  ingest();
  folder_.write("posts/a.md", post("a", "other text"));
  folder_.write("posts/b.md", post("b"));
  auto dry = ingest({{"dry_run", "true"}});
  host_.enforce = false;
  auto unenforced = ingest();
  for (const auto& each : {dry, unenforced}) {
    EXPECT_EQ(each.status, JOBQ_SUCCEEDED);
    EXPECT_EQ(each.digits(), "2/1/1/0/0/0");
    EXPECT_TRUE(contains(each.message, "(nothing was changed)"));
    ASSERT_EQ(each.lines.size(), 2u);
    EXPECT_EQ(each.lines[0].second,
              "would update " + (folder_.path() / "posts/a.md").string());
    EXPECT_EQ(each.lines[1].second,
              "would insert " + (folder_.path() / "posts/b.md").string());
  }
  EXPECT_EQ(column("body", "a"), "text\n");
  EXPECT_EQ(column("body", "b"), "no row");
}

TEST_P(blog_ingestion, keeps_finished_sources_when_it_is_stopped) {
  configure("sources:\n"
            "  - {source_id: first, path: posts}\n"
            "  - {source_id: second, path: more}\n");
  folder_.write("posts/a.md", post("a"));
  for (int i = 0; i < 200; ++i)
    folder_.write("more/" + std::to_string(i) + ".md", post(std::to_string(i)));
  host_.stop_after = 6; // within the writing of the second
  auto result = ingest();
  EXPECT_EQ(result.status, JOBQ_STOPPED);
  EXPECT_EQ(result.digits(), "1/1/0/0/0/0");
  EXPECT_EQ(tables_.count("markdown_content"), 1);
  host_.stop_after = 0;
  EXPECT_EQ(ingest().status, JOBQ_STOPPED);
  host_ = {};
  EXPECT_EQ(ingest().digits(), "201/200/0/1/0/0");
}

TEST_P(blog_ingestion, tells_its_progress_without_a_flood) {
  constexpr int files = 400;
  for (int i = 0; i < files; ++i)
    folder_.write("posts/" + std::to_string(i) + ".md",
                  post(std::to_string(i)));
  auto told = ingest().progress;
  ASSERT_GE(told.size(), 50u);
  // Two passes, a percent each time; more only as tenths of seconds pass.
  EXPECT_LE(told.size(), 250u);
  EXPECT_TRUE(std::is_sorted(
      told.begin(), told.end(),
      [](const auto& a, const auto& b) { return a.first < b.first; }));
  EXPECT_GT(told.front().first, 0);
  EXPECT_EQ(told.front().second, "blog: 0.md");
  EXPECT_EQ(told.back().first, 1);
}

TEST_P(blog_ingestion, obeys_the_settings_of_a_source) {
  configure("sources:\n"
            "  - source_id: blog\n"
            "    path: posts\n"
            "    category_id: news\n"
            "    description: What is new\n"
            "    allowed_content_types: [post, note]\n"
            "    override_existing: false\n"
            "  - {source_id: drafts, path: nowhere, enabled: false}\n");
  folder_.write("posts/a.md", post("a"));
  EXPECT_EQ(ingest().digits(), "1/1/0/0/0/0");
  EXPECT_EQ(column("category_id", "a"), "news");
  folder_.write("posts/a.md", post("a", "other text"));
  EXPECT_EQ(ingest().digits(), "1/0/0/0/1/0");
  configure("sources: [{source_id: blog, path: posts, "
            "allowed_content_types: [guide]}]\n");
  EXPECT_EQ(ingest().digits(), "1/0/0/0/0/1");
  configure("sources: [{source_id: blog, path: posts, enabled: no}]\n");
  auto nothing = ingest();
  EXPECT_EQ(nothing.status, JOBQ_SUCCEEDED);
  EXPECT_EQ(nothing.digits(), "0/0/0/0/0/0");
  EXPECT_TRUE(contains(nothing.message, "is disabled")) << nothing.message;
}

TEST_P(blog_ingestion, warns_of_a_folder_without_posts) {
  auto result = ingest();
  EXPECT_EQ(result.status, JOBQ_SUCCEEDED);
  ASSERT_EQ(result.lines.size(), 1u);
  EXPECT_EQ(result.lines[0].first, JOBQ_LOG_WARNING);
}

TEST_P(blog_ingestion, discards_a_configuration_that_it_cannot_use) {
  const std::string source = "sources:\n- {source_id: a, path: posts";
  const std::vector<std::pair<std::string, std::string>> cases{
      {"", ":1: a blog configuration must be a map"},
      {"{", "invalid YAML"},
      {"sources: []\n", ":1: sources must be a list"},
      {"database_url: x\n", ":1: sources must be a list"},
      {"sources:\n- posts\n", ":2: sources must be a list of maps"},
      {source + "}\nsorces: 1\n",
       ":3: unknown field \"sorces\", did you mean \"sources\"?"},
      {source + ", pth: x}\n",
       ":2: unknown field \"pth\", did you mean \"path\"?"},
      {"sources:\n- path: posts\n", ":2: field source_id is missing"},
      {"sources:\n- source_id: a\n", ":2: field path is missing"},
      {source + ", enabled: maybe}\n", ":2: enabled must be true or false"},
      {source + "}\n- {source_id: a, path: posts}\n",
       ":3: a second source a, the first is on line 2"},
      {"sources:\n- source_id: a\n  path: nowhere\n",
       ":3: source a: " + (folder_.path() / "nowhere").string()
           + " can't be found: make the folder"},
      {"sources:\n- source_id: a\n  path: blog.yaml\n", "is no folder"},
      {"a: &a [x]\nb: *a\n", ":1: YAML anchors are not allowed"},
      {std::string(3, '\0'), "not YAML"},
      {"sources: \xff\n", ":1: the text is not UTF-8"},
      {std::string((1 << 20) + 1, '#'), "larger than 1 MiB"}};
  for (const auto& [yaml, reason] : cases) {
    configure(yaml);
    auto result = ingest();
    EXPECT_EQ(result.status, JOBQ_DISCARDED) << yaml.substr(0, 80);
    EXPECT_TRUE(result.error.starts_with(config() + ":")) << result.error;
    EXPECT_TRUE(contains(result.error, reason)) << result.error;
  }
  EXPECT_EQ(tables_.count("markdown_content"), 0);
}

TEST_P(blog_ingestion, discards_a_run_whose_configuration_is_not_there) {
  auto missing = ingest({{"config", ""}});
  EXPECT_EQ(missing.status, JOBQ_DISCARDED);
  EXPECT_TRUE(contains(missing.error, "parameter config is missing"));
  for (auto path : {folder_.path() / "none.yaml", folder_.path()}) {
    auto result = ingest({{"config", path.string()}});
    EXPECT_EQ(result.status, JOBQ_DISCARDED);
    EXPECT_TRUE(contains(result.error, path.string() + ":1: ")) << result.error;
    EXPECT_TRUE(contains(result.error, "parameter config")) << result.error;
  }
}

JOBQ_ON_EVERY_DATABASE(blog_ingestion);

TEST_P(blog_database, counts_a_relative_path_from_the_configuration) {
  folder_.write("posts/a.md", post("a"));
  configure("database_url: sqlite:///data/app.db\n"
            "sources: [{source_id: blog, path: posts}]\n");
  EXPECT_EQ(ingest({{"database", ""}, {"dry_run", "true"}}).digits(),
            "1/1/0/0/0/0");
  EXPECT_FALSE(std::filesystem::exists(folder_.path() / "data"));
  EXPECT_EQ(ingest({{"database", ""}}).digits(), "1/1/0/0/0/0");
  EXPECT_TRUE(std::filesystem::exists(folder_.path() / "data/app.db"));
  // The parameter goes first.
  EXPECT_EQ(tables_.count("markdown_content"), 0);
  EXPECT_EQ(ingest().digits(), "1/1/0/0/0/0");
  EXPECT_EQ(tables_.count("markdown_content"), 1);
}

TEST_P(blog_database, must_be_named_and_known) {
  auto none = ingest({{"database", ""}});
  EXPECT_EQ(none.status, JOBQ_DISCARDED);
  EXPECT_EQ(none.error, config()
                            + ": no database is named: set database_url there, "
                              "or give parameter database");
  auto unknown = ingest({{"database", "mysql://ann:geheim@host/db"}});
  EXPECT_EQ(unknown.status, JOBQ_DISCARDED);
  EXPECT_TRUE(unknown.error.starts_with("parameter database must begin with"))
      << unknown.error;
  EXPECT_FALSE(contains(unknown.error, "geheim"));
  configure("sources: [{source_id: blog, path: posts}]\n"
            "database_url: sqlite:///\n");
  auto empty = ingest({{"database", ""}});
  EXPECT_EQ(empty.status, JOBQ_DISCARDED);
  EXPECT_TRUE(empty.error.starts_with(config() + ":2: database_url names no"))
      << empty.error;
}

TEST_P(blog_database, that_is_out_of_reach_may_be_tried_again) {
  folder_.write("file", "");
  auto shut = ingest(
      {{"database", "sqlite:///" + folder_.path().string() + "/file/app.db"}});
  EXPECT_EQ(shut.status, JOBQ_FAILED) << shut.error;
  auto refused
      = ingest({{"database", "postgresql://ann:ge@heim@127.0.0.1:1/db"}});
  EXPECT_EQ(refused.status, JOBQ_FAILED);
  EXPECT_FALSE(contains(refused.error, "heim")) << refused.error;
}

TEST_P(blog_database, that_is_too_new_is_refused_for_good) {
  tables_.execute("INSERT INTO schema_version (version, applied_at)"
                  " VALUES (7, '')");
  auto result = ingest();
  EXPECT_EQ(result.status, JOBQ_DISCARDED);
  EXPECT_TRUE(contains(result.error, "version 7")) << result.error;
}

TEST_P(blog_database, takes_the_sample_that_ships) {
  const auto sample
      = std::filesystem::path{JOBQ_SOURCE_DIR} / "services/blog/blog.yaml";
  auto result = ingest({{"config", sample.string()}});
  EXPECT_EQ(result.status, JOBQ_SUCCEEDED) << result.error;
  EXPECT_EQ(result.failed, 0u) << result.message;
  EXPECT_GE(result.counters.at("inserted"), 2);
}

INSTANTIATE_TEST_SUITE_P(on, blog_database, testing::Values(dialect::sqlite),
                         test::database_name);

} // namespace jobq
