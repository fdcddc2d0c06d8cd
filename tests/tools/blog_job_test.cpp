// The extension `blog` as it ships: a server, a job host that loads the library
// and the database that the posts come into.
#include <filesystem>
#include <memory>
#include <string>

#include "extensions/database/database.hpp"
#include "tests/tools/jobqd_program.hpp"

namespace jobq {
namespace {

std::string post_of(const std::string& slug, const std::string& more = {}) {
  return "---\ntitle: About " + slug + "\nslug: " + slug
         + "\nauthor: Ann\npublished_at: 2027-01-01\nkind: post\n" + more
         + "---\nText of " + slug + ".\n";
}

class blog_job : public test::jobqd_fixture {
protected:
  blog_job() : jobqd_fixture{""} {
    dir_.write("config.yaml",
               R"(
scheduler:
  extensions: [jobq-blog.so]
  bootstrap_jobs: [at_start]
  jobs:
    - name: at_start
      extension: blog
      job: content_ingestion
      enforce: false
      parameters: {config: ")"
                   + (dir_.path() / "blog/blog.yaml").string() + R"("}
    - name: ingest
      extension: blog
      job: content_ingestion
      parameters: {config: ")"
                   + (dir_.path() / "blog/blog.yaml").string() + R"("}
)");
    dir_.write("blog/blog.yaml", R"(
database_url: "sqlite:///app.db"
sources:
  - {source_id: blog, path: posts, category_id: news}
)");
    dir_.write("blog/posts/first.md", post_of("first"));
    dir_.write("blog/posts/2027/draft.md", post_of("draft", "public: false\n"));
    dir_.write("blog/posts/bad.md", "---\ntitle: x\nslug: BAD\n---\n");
  }

  std::filesystem::path database_file() const {
    return dir_.path() / "blog/app.db";
  }

  /// `slug source category public body` of each post.
  std::string rows() const {
    const auto url
        = parse_database_url("sqlite:///" + database_file().string());
    const auto db = database::open(url.value());
    std::string text;
    for (const auto& row :
         db->query("SELECT slug, source_id, category_id, public, body FROM "
                   "markdown_content ORDER BY slug",
                   5))
      for (const auto& column : row)
        text += column.value_or("null") + (&column == &row.back() ? "" : " ");
    return text;
  }

  static json counters(int found, int inserted, int updated, int unchanged,
                       int failed) {
    return {{"failed", failed},       {"found", found},
            {"inserted", inserted},   {"skipped", 0},
            {"unchanged", unchanged}, {"updated", updated}};
  }
};

TEST_F(blog_job, ingests_posts_in_a_job_host) {
  auto jobqd = start();
  ASSERT_TRUE(jobqd.says("extension blog ")) << jobqd.said();
  ASSERT_TRUE(jobqd.says("is running")) << jobqd.said();
  EXPECT_TRUE(get("/v1/jobs/ingest")["problem"].is_null());

  const auto run = run_to_end("ingest");
  EXPECT_EQ(run["state"], "completed") << run;
  EXPECT_EQ(run["outcome"], "succeeded");
  EXPECT_EQ(run["counters"], counters(3, 2, 0, 0, 1)) << run["counters"];
  EXPECT_EQ(run["items_processed"], 2);
  EXPECT_EQ(run["items_failed"], 1);
  EXPECT_EQ(rows(), "draft blog news 0 Text of draft.\n"
                    "first blog news 1 Text of first.\n");
  const auto log
      = get("/v1/runs/" + run["id"].get<std::string>() + "/log")["log"]
            .get<std::string>();
  EXPECT_NE(log.find("posts/bad.md:3: slug"), std::string::npos) << log;
  EXPECT_GE(get("/v1/status")["hosts"]["started"], 1);

  dir_.write("blog/posts/first.md", post_of("first", "public: false\n"));
  dir_.write("blog/posts/bad.md", post_of("good"));
  const auto again = run_to_end("ingest");
  EXPECT_EQ(again["counters"], counters(3, 1, 1, 1, 0)) << again;
  EXPECT_EQ(rows(), "draft blog news 0 Text of draft.\n"
                    "first blog news 0 Text of first.\n"
                    "good blog news 1 Text of good.\n");
  EXPECT_EQ(get("/v1/history?job=ingest")["runs"].size(), 2U);
}

TEST_F(blog_job, changes_nothing_at_the_start_when_it_is_not_enforced) {
  auto jobqd = start();
  ASSERT_TRUE(jobqd.says("of at_start: completed, succeeded")) << jobqd.said();
  const auto run = get("/v1/history?job=at_start")["runs"][0];
  EXPECT_EQ(run["trigger"], "bootstrap") << run;
  EXPECT_EQ(run["counters"], counters(3, 2, 0, 0, 1)) << run;
  EXPECT_FALSE(std::filesystem::exists(database_file()));
}

TEST_F(blog_job, a_configuration_that_is_missing_is_not_tried_again) {
  std::filesystem::remove(dir_.path() / "blog/blog.yaml");
  auto jobqd = start();
  ASSERT_TRUE(jobqd.says("is running")) << jobqd.said();
  const auto run = run_to_end("ingest");
  EXPECT_EQ(run["state"], "discarded") << run;
  EXPECT_EQ(run["attempts"].size(), 1U);
  EXPECT_NE(run["error"].get<std::string>().find("blog.yaml"),
            std::string::npos)
      << run;
}

} // namespace
} // namespace jobq
