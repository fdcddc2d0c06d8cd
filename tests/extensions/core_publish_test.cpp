#include <sys/stat.h>

#include "tests/extensions/core_fixture.hpp"

namespace jobq {

using test::fake_context;

namespace {

std::string article(const std::string& slug, const std::string& body = "text",
                    const std::string& more = "") {
  return "---\ntitle: T\nslug: " + slug
         + "\nauthor: Ann\npublished_at: 2027-01-01\nkind: article\n" + more
         + "---\n" + body + "\n";
}

class publish_test : public test::core_test {
protected:
  publish_test() {
    content_source docs;
    docs.name = "docs";
    docs.source_id = "docs-id";
    docs.path = folder_.path();
    sources_.push_back(docs);
  }

  /// A sync at the wall clock's time, which files' times are compared to.
  outcome publish(parameter_map given = {}, bool enforce = true) {
    context_ = std::make_unique<fake_context>();
    context_->given = std::move(given);
    context_->enforced = enforce;
    context_->now
        = std::chrono::floor<milliseconds>(std::chrono::system_clock::now());
    return run("publish_content", *context_);
  }

  /// `found/inserted/updated/unchanged/skipped/deleted/failed`
  static std::string digits(const outcome& result) {
    std::string text;
    for (const char* name : {"found", "inserted", "updated", "unchanged",
                             "skipped", "deleted", "failed"}) {
      if (!text.empty())
        text += '/';
      text += std::to_string(result.counters.at(name));
    }
    return text;
  }

  std::string column(const std::string& name, const std::string& slug) {
    auto rows = tables_.db().query("SELECT " + name
                                       + " FROM markdown_content"
                                         " WHERE slug = '"
                                       + slug + "'",
                                   1);
    return rows.empty() ? "no row" : rows[0][0].value_or("null");
  }

  test::scratch_folder folder_;
  std::unique_ptr<fake_context> context_;
};

} // namespace

TEST_P(publish_test, files_are_inserted_then_unchanged_then_updated) {
  folder_.write("a.md", article("a"));
  folder_.write("deep/er/b.md", article("deep/b"));
  folder_.write("deep/note.txt", "no content");
  folder_.write(".hidden.md", "no content either");
  EXPECT_EQ(digits(publish()), "2/2/0/0/0/0/0");
  EXPECT_EQ(column("source_id", "a"), "docs-id");
  EXPECT_EQ(column("file_path", "deep/b"), "deep/er/b.md");
  auto id = column("id", "a");
  EXPECT_EQ(digits(publish()), "2/0/0/2/0/0/0");
  folder_.write("a.md", article("a", "longer text"));
  EXPECT_EQ(digits(publish()), "2/0/1/1/0/0/0");
  EXPECT_EQ(column("body", "a"), "longer text\n");
  EXPECT_EQ(column("id", "a"), id);
  EXPECT_EQ(column("image", "a"), "null");
}

TEST_P(publish_test, a_touched_file_is_unchanged) {
  folder_.write("a.md", article("a"));
  publish();
  auto before = column("updated_at", "a");
  std::filesystem::last_write_time(
      folder_.path() / "a.md", std::filesystem::file_time_type::clock::now());
  EXPECT_EQ(digits(publish()), "1/0/0/1/0/0/0");
  EXPECT_EQ(column("updated_at", "a"), before);
}

TEST_P(publish_test, a_file_written_just_before_a_sync_is_looked_at_again) {
  folder_.write("a.md", article("a", "one"));
  auto file = folder_.path() / "a.md";
  // Ahead of the sync, however long the way there takes.
  auto written
      = std::filesystem::file_time_type::clock::now() + std::chrono::hours{1};
  std::filesystem::last_write_time(file, written);
  publish();
  folder_.write("a.md", article("a", "two"));
  std::filesystem::last_write_time(file, written); // same time, same size
  EXPECT_EQ(digits(publish()), "1/0/1/0/0/0/0");
}

TEST_P(publish_test, settings_that_change_reach_unchanged_files) {
  folder_.write("a.md", article("a"));
  publish();
  sources_[0].category_id = "new";
  EXPECT_EQ(digits(publish()), "1/0/1/0/0/0/0");
  EXPECT_EQ(column("category_id", "a"), "new");
  sources_[0].allowed_content_types = {"guide"};
  EXPECT_EQ(digits(publish()), "1/0/0/0/0/0/1");
}

TEST_P(publish_test, without_override_existing_rows_stay_as_they_are) {
  sources_[0].override_existing = false;
  folder_.write("a.md", article("a", "one"));
  publish();
  folder_.write("a.md", article("a", "other"));
  EXPECT_EQ(digits(publish()), "1/0/0/0/1/0/0");
  EXPECT_EQ(column("body", "a"), "one\n");
}

TEST_P(publish_test, rows_of_missing_files_go_only_when_asked) {
  folder_.write("a.md", article("a"));
  folder_.write("b.md", article("b"));
  publish();
  std::filesystem::remove(folder_.path() / "b.md");
  EXPECT_EQ(digits(publish()), "1/0/0/1/0/0/0");
  EXPECT_EQ(digits(publish({{"delete_missing", "true"}}, false)),
            "1/0/0/1/0/1/0");
  EXPECT_EQ(tables_.count("markdown_content"), 2);
  EXPECT_EQ(digits(publish({{"delete_missing", "true"}})), "1/0/0/1/0/1/0");
  EXPECT_EQ(tables_.count("markdown_content"), 1);
}

TEST_P(publish_test, nothing_is_deleted_beside_a_bad_file_or_an_empty_folder) {
  folder_.write("a.md", article("a"));
  folder_.write("b.md", article("b"));
  publish();
  std::filesystem::remove(folder_.path() / "b.md");
  folder_.write("bad.md", "bad");
  EXPECT_EQ(digits(publish({{"delete_missing", "true"}})), "2/0/0/1/0/0/1");
  std::filesystem::remove(folder_.path() / "bad.md");
  std::filesystem::remove(folder_.path() / "a.md");
  EXPECT_EQ(digits(publish({{"delete_missing", "true"}})), "0/0/0/0/0/0/0");
  EXPECT_NE(context_->lines.at(0).find("holds no content"), std::string::npos);
  std::filesystem::remove_all(folder_.path());
  auto missing = publish({{"delete_missing", "true"}});
  EXPECT_EQ(missing.kind, outcome_kind::failed);
  EXPECT_NE(missing.error.find("does not exist"), std::string::npos);
  EXPECT_EQ(tables_.count("markdown_content"), 2);
}

TEST_P(publish_test, a_bad_file_does_not_stop_the_others) {
  folder_.write("good.md", article("good"));
  folder_.write("bad.md", "---\ntitle: x\nslug: BAD\n---\n");
  auto result = publish();
  EXPECT_EQ(result.kind, outcome_kind::succeeded);
  EXPECT_EQ(result.items_failed, 1u);
  EXPECT_EQ(digits(result), "2/1/0/0/0/0/1");
  EXPECT_EQ(
      context_->lines.at(0),
      (folder_.path() / "bad.md").string()
          + ":3: slug \"BAD\" must be segments of a-z, 0-9 and - joined by "
            "/");
  std::filesystem::remove(folder_.path() / "good.md");
  EXPECT_EQ(publish().kind, outcome_kind::failed);
}

TEST_P(publish_test, files_that_share_a_key_are_both_refused) {
  folder_.write("a.md", article("same"));
  folder_.write("b.md", article("same", "other"));
  folder_.write("c.md", article("same", "text", "locale: de\n"));
  EXPECT_EQ(digits(publish()), "3/1/0/0/0/0/2");
  EXPECT_NE(context_->lines.at(0).find("b.md"), std::string::npos);
  EXPECT_NE(context_->lines.at(0).find("a.md:1:"), std::string::npos);
}

TEST_P(publish_test, a_dry_run_counts_and_changes_nothing) {
  folder_.write("a.md", article("a"));
  EXPECT_EQ(digits(publish({{"dry_run", "true"}})), "1/1/0/0/0/0/0");
  EXPECT_EQ(digits(publish({}, false)), "1/1/0/0/0/0/0");
  EXPECT_EQ(tables_.count("markdown_content"), 0);
}

TEST_P(publish_test, one_source_can_be_named_and_disabled_ones_are_skipped) {
  folder_.write("one/a.md", article("a"));
  folder_.write("two/b.md", article("b"));
  sources_[0].path = folder_.path() / "one";
  sources_.push_back(sources_[0]);
  sources_[1].name = "blog";
  sources_[1].source_id = "blog-id";
  sources_[1].path = folder_.path() / "two";
  EXPECT_EQ(digits(publish({{"source", "blog"}})), "1/1/0/0/0/0/0");
  EXPECT_EQ(column("source_id", "b"), "blog-id");
  sources_[1].enabled = false;
  EXPECT_EQ(digits(publish()), "1/1/0/0/0/0/0");
  EXPECT_EQ(publish({{"source", "blog"}}).message, "source blog is disabled");
  auto wrong = publish({{"source", "dosc"}});
  EXPECT_EQ(wrong.kind, outcome_kind::failed);
  EXPECT_EQ(wrong.error,
            "there is no content source \"dosc\", did you mean \"docs\"?");
  sources_[1].enabled = true;
  sources_[1].source_id = "docs-id";
  EXPECT_EQ(publish().kind, outcome_kind::failed);
}

TEST_P(publish_test, strange_files_are_faults_of_their_own) {
  auto at = [this](const char* name) { return folder_.path() / name; };
  folder_.write("good.md", article("good"));
  folder_.write("binary.md", std::string(100, '\0'));
  std::filesystem::create_directory(at("folder.md"));
  std::filesystem::create_symlink(at("self.md"), at("self.md"));
  std::filesystem::create_symlink(at("nowhere"), at("broken.md"));
  std::filesystem::create_directory_symlink(folder_.path(), at("loop"));
  ASSERT_EQ(::mkfifo(at("pipe.md").c_str(), 0600), 0);
  folder_.write("huge.md", "");
  std::filesystem::resize_file(at("huge.md"), (16 << 20) + 1);
  auto result = publish();
  EXPECT_EQ(digits(result), "7/1/0/0/0/0/6");
  EXPECT_EQ(result.kind, outcome_kind::succeeded);
}

TEST_P(publish_test, a_stop_leaves_the_source_as_it_was) {
  for (int i = 0; i < 200; ++i) {
    auto name = std::to_string(i);
    folder_.write(name + ".md", article(name));
  }
  fake_context context;
  context.stop_after = 4; // within the writing
  auto result = run("publish_content", context);
  EXPECT_EQ(result.kind, outcome_kind::interrupted) << result.error;
  EXPECT_EQ(tables_.count("markdown_content"), 0);
}

TEST_P(publish_test, the_full_text_index_follows_the_rows) {
  auto hits = [this](const std::string& word) {
    return GetParam() == dialect::sqlite
               ? tables_.count("markdown_content_search('" + word + "')")
               : tables_.count("markdown_content WHERE search @@"
                               " to_tsquery('simple', '"
                               + word + "')");
  };
  folder_.write("a.md", article("a", "marmalade"));
  folder_.write("b.md", article("b", "butter"));
  publish();
  EXPECT_EQ(hits("marmalade"), 1);
  folder_.write("a.md", article("a", "honey and butter"));
  publish();
  EXPECT_EQ(hits("marmalade"), 0);
  EXPECT_EQ(hits("butter"), 2);
  std::filesystem::remove(folder_.path() / "b.md");
  publish({{"delete_missing", "true"}});
  EXPECT_EQ(hits("butter"), 1);
}

TEST_P(publish_test, the_shipped_articles_can_all_be_published) {
  sources_[0].path
      = std::filesystem::path{JOBQ_SOURCE_DIR} / "services/content/articles";
  sources_[0].allowed_content_types
      = {"article", "guide", "reference", "tutorial"};
  auto result = publish();
  EXPECT_EQ(result.items_failed, 0u) << result.message;
  EXPECT_GE(result.counters.at("inserted"), 14);
}

JOBQ_ON_EVERY_DATABASE(publish_test);

} // namespace jobq
