#include "tools/host_setup.hpp"

#include <gtest/gtest.h>

namespace jobq {

namespace {

TEST(host_setup, cores_environment_arrives_as_it_was) {
  core_environment sent;
  sent.database_url = "sqlite:////tmp/\xff.db";
  content_source source;
  source.name = "blog";
  source.path = "/content/blog";
  source.source_id = "b";
  source.category_id = "c";
  source.enabled = false;
  source.allowed_content_types = {"post", "page"};
  source.recursive = false;
  source.override_existing = false;
  sent.content_sources = {source, content_source{}};
  const auto read = read_core_setup(setup_of(sent));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->database_url, sent.database_url);
  ASSERT_EQ(read->content_sources.size(), 2U);
  const auto& got = read->content_sources[0];
  EXPECT_EQ(got.name, source.name);
  EXPECT_EQ(got.path, source.path);
  EXPECT_EQ(got.source_id, source.source_id);
  EXPECT_EQ(got.category_id, source.category_id);
  EXPECT_EQ(got.enabled, source.enabled);
  EXPECT_EQ(got.allowed_content_types, source.allowed_content_types);
  EXPECT_EQ(got.recursive, source.recursive);
  EXPECT_EQ(got.override_existing, source.override_existing);
  EXPECT_TRUE(read->content_sources[1].enabled);
}

TEST(host_setup, a_command_line_arrives_as_it_was) {
  job_definition job;
  job.command = {"/bin/echo", "", "a b", "\xfe"};
  job.env = {{"KEY", "value"}};
  job.working_directory = "/tmp";
  const auto read = read_command_setup(setup_of(job));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->argv, job.command);
  EXPECT_EQ(read->env, job.env);
  EXPECT_EQ(read->working_directory, job.working_directory);
}

TEST(host_setup, what_is_no_setup_is_told) {
  for (const auto* text : {"", "garbage", "{}"}) {
    EXPECT_FALSE(read_core_setup(text)) << text;
    EXPECT_FALSE(read_command_setup(text)) << text;
  }
}

} // namespace

} // namespace jobq
