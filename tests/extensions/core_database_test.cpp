#include <fstream>

#include "tests/extensions/core_fixture.hpp"

namespace jobq {

namespace {

outcome run_with(const std::string& url) {
  auto environment = std::make_shared<core_environment>();
  environment->database_url = url;
  auto functions
      = core_functions(std::shared_ptr<const core_environment>{environment});
  test::fake_context context;
  return functions[1].call(context);
}

} // namespace

TEST(core_database, a_missing_or_unknown_url_is_said_without_its_password) {
  EXPECT_EQ(run_with("").error, "no database is configured: set database.url");
  auto result = run_with("mysql://ann:geheim@host/db");
  EXPECT_EQ(result.error, "database.url must begin with sqlite:/// or "
                          "postgresql://; its scheme is mysql");
  EXPECT_FALSE(result.retryable);
}

TEST(core_database, a_file_that_is_no_database_is_an_error_for_good) {
  test::scratch_folder folder;
  folder.write("note.txt", std::string(4096, 'x'));
  auto result = run_with("sqlite:///" + (folder.path() / "note.txt").string());
  EXPECT_EQ(result.kind, outcome_kind::failed);
  EXPECT_FALSE(result.retryable);
  EXPECT_NE(result.error.find("not a database"), std::string::npos)
      << result.error;
}

TEST(core_database, a_file_that_cannot_be_opened_may_be_tried_again) {
  test::scratch_folder folder;
  folder.write("file", "");
  auto path = (folder.path() / "file" / "app.db").string();
  auto result = run_with("sqlite:///" + path);
  EXPECT_EQ(result.kind, outcome_kind::failed);
  EXPECT_TRUE(result.retryable);
  EXPECT_NE(result.error.find(path), std::string::npos) << result.error;
}

TEST(core_database, a_refused_connection_may_be_tried_again_and_keeps_secrets) {
  auto result = run_with("postgresql://ann:ge@heim@127.0.0.1:1/db");
  EXPECT_EQ(result.kind, outcome_kind::failed);
  EXPECT_TRUE(result.retryable);
  EXPECT_EQ(result.error.find("heim"), std::string::npos) << result.error;
}

TEST(core_database, a_newer_schema_is_refused) {
  test::test_database tables{dialect::sqlite};
  tables.execute("INSERT INTO schema_version (version, applied_at)"
                 " VALUES (7, '')");
  auto result = run_with(tables.url());
  EXPECT_EQ(result.error, "the database's schema has version 7, this jobq "
                          "knows versions up to 1");
}

TEST(core_database, paths_may_hold_spaces_and_be_relative) {
  test::scratch_folder folder;
  auto before = std::filesystem::current_path();
  std::filesystem::current_path(folder.path());
  auto result = run_with("sqlite:///with space/app one.db");
  std::filesystem::current_path(before);
  EXPECT_EQ(result.kind, outcome_kind::succeeded) << result.error;
  EXPECT_TRUE(
      std::filesystem::exists(folder.path() / "with space" / "app one.db"));
}

TEST(core_database, keys_of_any_text_survive_the_way_into_a_statement) {
  std::vector<std::string> keys{
      "plain", "quo\"te", "back\\slash", "new\nline", "{brace}", "o'clock", ""};
  for (auto kind : test::databases()) {
    test::test_database tables{kind};
    for (const auto& key : keys)
      tables.db().execute("INSERT INTO id_jag_replay (key, expires_at)"
                          " VALUES (:key, '2027-01-01')",
                          {{"key", key}});
    EXPECT_EQ(tables.db().number("SELECT COUNT(*) FROM id_jag_replay WHERE "
                                     + in_keys(kind, "key"),
                                 {{"keys", key_list(kind, keys)}}),
              static_cast<std::int64_t>(keys.size()));
  }
}

TEST(core_database, an_environment_can_be_replaced) {
  test::scratch_folder folder;
  auto with = [&folder](const char* name) {
    auto made = std::make_shared<core_environment>();
    made->database_url = "sqlite:///" + (folder.path() / name).string();
    return std::shared_ptr<const core_environment>{made};
  };
  auto holder = std::make_shared<core_environment_holder>(with("one.db"));
  auto functions
      = core_functions(std::shared_ptr<const core_environment_holder>{holder});
  holder->set(with("two.db"));
  test::fake_context context;
  EXPECT_EQ(functions[0].call(context).kind, outcome_kind::succeeded);
  EXPECT_FALSE(std::filesystem::exists(folder.path() / "one.db"));
  EXPECT_TRUE(std::filesystem::exists(folder.path() / "two.db"));
}

} // namespace jobq
