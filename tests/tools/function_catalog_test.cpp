#include "tools/function_catalog.hpp"

#include <algorithm>

#include <gtest/gtest.h>

#include "tests/tools/temp_dir.hpp"
#include "tools/paths.hpp"
#include "tools/routes.hpp"

namespace jobq {

namespace {

constexpr auto libraries = JOBQ_TEST_LIBRARIES;

class catalog_test : public testing::Test {
protected:
  loaded_config load(const std::string& extensions, const std::string& jobs) {
    dir_.write("c.yaml", "scheduler:\n  extensions: [" + extensions
                             + "]\n  jobs:\n" + jobs);
    host_options hosts;
    hosts.program = *host_program();
    return load_with_libraries(dir_.path() / "c.yaml", hosts, nullptr);
  }

  static std::string library(const std::string& name) {
    return std::string{libraries} + "/lib" + name + ".so";
  }

  static bool warned(const loaded_config& loaded, const std::string& text) {
    return std::ranges::any_of(loaded.report.faults, [&](const auto& each) {
      return each.message.find(text) != std::string::npos;
    });
  }

  test::temp_dir dir_;
};

constexpr auto hostile_job
    = "    - {name: a, extension: hostile, job: nothing, limits: {memory: "
      "64MiB}}\n";

TEST_F(catalog_test, a_librarys_functions_are_known) {
  const auto loaded = load(library("hostile"), hostile_job);
  ASSERT_TRUE(loaded.report.ok());
  EXPECT_TRUE(loaded.report.faults.empty())
      << loaded.report.faults.front().message;
  EXPECT_EQ(loaded.catalog->why_not_runnable(loaded.report.value->jobs.at(0)),
            "");
  ASSERT_NE(loaded.catalog->library_of("hostile"), nullptr);
  EXPECT_EQ(loaded.catalog->library_of("core"), nullptr);
}

TEST_F(catalog_test, a_wrong_function_has_a_hint) {
  const auto loaded
      = load(library("hostile"),
             "    - {name: a, extension: hostile, job: notting}\n");
  EXPECT_TRUE(warned(loaded, "did you mean \"nothing\""));
}

TEST_F(catalog_test, a_broken_library_disables_its_jobs_alone) {
  const auto loaded = load(library("crashes_when_opened") + ", "
                               + library("hostile") + ", /nowhere/x.so",
                           std::string{hostile_job}
                               + "    - {name: b, extension: other, job: f}\n");
  ASSERT_TRUE(loaded.report.ok());
  EXPECT_TRUE(warned(loaded, "broke its job host while it was opened"));
  EXPECT_TRUE(warned(loaded, "/nowhere/x.so: can't be opened"));
  const auto& jobs = loaded.report.value->jobs;
  EXPECT_EQ(loaded.catalog->why_not_runnable(jobs.at(0)), "");
  const auto why = loaded.catalog->why_not_runnable(jobs.at(1));
  EXPECT_TRUE(why.starts_with("extension \"other\" is not loaded")) << why;
  EXPECT_NE(why.find("/nowhere/x.so"), std::string::npos) << why;
}

TEST_F(catalog_test, the_second_library_of_a_name_is_not_used) {
  const auto loaded
      = load(library("hostile") + ", " + library("hostile"), hostile_job);
  ASSERT_TRUE(loaded.report.ok());
  EXPECT_EQ(loaded.catalog->libraries.size(), 1U);
  std::filesystem::copy_file(library("hostile"), dir_.path() / "again.so");
  const auto twice = load(library("hostile") + ", again.so", hostile_job);
  EXPECT_TRUE(warned(twice, "extension \"hostile\" is there already"));
}

TEST_F(catalog_test, a_directory_means_the_libraries_in_it) {
  std::filesystem::create_directory(dir_.path() / "lib");
  std::filesystem::copy_file(library("hostile"), dir_.path() / "lib/h.so");
  dir_.write("lib/readme.txt", "no library");
  const auto loaded = load("lib", hostile_job);
  EXPECT_EQ(loaded.catalog->libraries.size(), 1U);
  EXPECT_TRUE(loaded.report.faults.empty());
}

TEST_F(catalog_test, what_ships_is_found_by_its_name) {
  const auto loaded
      = load("jobq-blog.so",
             "    - {name: a, extension: blog, job: content_ingestion}\n");
  EXPECT_TRUE(loaded.report.faults.empty());
  EXPECT_NE(loaded.catalog->library_of("blog"), nullptr);
}

TEST_F(catalog_test, routes_follow_the_configuration) {
  const auto loaded = load(
      library("hostile"),
      std::string{hostile_job}
          + "    - {name: b, extension: core, job: publish_content, "
            "isolation: thread}\n"
            "    - {name: c, extension: command, command: [/bin/true]}\n");
  ASSERT_TRUE(loaded.report.ok());
  const auto config
      = std::make_shared<const configuration>(*loaded.report.value);
  const routes ways{config, loaded.catalog, {}};
  run what;
  what.job = "a";
  what.extension = "hostile";
  what.function = "nothing";
  const auto a = ways.of(what);
  ASSERT_TRUE(a) << a.error().message;
  EXPECT_EQ(a->where, isolation::process);
  EXPECT_EQ(a->plan.library, library("hostile"));
  EXPECT_EQ(a->plan.limits.memory, 64U << 20U);
  what.parameters = {{"no", "such"}};
  EXPECT_FALSE(ways.of(what));
  what.parameters = {};
  what.function = "nothink";
  EXPECT_NE(ways.of(what).error().message.find("did you mean \"nothing\""),
            std::string::npos);
  what.job = "b";
  what.extension = "core";
  what.function = "publish_content";
  EXPECT_EQ(ways.of(what)->where, isolation::thread);
  what.job = "gone";
  EXPECT_EQ(ways.of(what)->where, isolation::process);
  what.extension = "command";
  what.function = "exec";
  EXPECT_EQ(ways.of(what).error().message,
            "job \"gone\" has no command any more");
  what.job = "c";
  EXPECT_FALSE(ways.of(what)->plan.setup.empty());
}

} // namespace

} // namespace jobq
