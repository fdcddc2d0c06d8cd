#include "extensions/host/cgroup_text.hpp"

#include <gtest/gtest.h>

namespace jobq::hosting {

namespace {

TEST(cgroup_text_test, finds_the_unified_mount) {
  const auto found = cgroup_mounts(
      "23 1 8:1 / / rw,relatime - ext4 /dev/root rw\n"
      "31 23 0:26 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw\n");
  EXPECT_EQ(found, (std::vector<cgroup_mount>{{"/", "/sys/fs/cgroup"}}));
}

TEST(cgroup_text_test, finds_the_hybrid_mount_and_none_of_version_1) {
  const auto found = cgroup_mounts(
      "31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n"
      "35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
      "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n");
  EXPECT_EQ(found,
            (std::vector<cgroup_mount>{{"/", "/sys/fs/cgroup/unified"}}));
}

TEST(cgroup_text_test, reads_mounts_with_tags_blanks_and_a_part_for_a_root) {
  const auto found = cgroup_mounts("41 31 0:38 /a\\040b /mnt\\040x\\134y rw "
                                   "shared:1 master:2 - cgroup2 none "
                                   "rw\n");
  EXPECT_EQ(found, (std::vector<cgroup_mount>{{"/a b", "/mnt x\\y"}}));
}

TEST(cgroup_text_test, broken_mounts_are_none) {
  EXPECT_TRUE(cgroup_mounts("").empty());
  EXPECT_TRUE(cgroup_mounts("- cgroup2\n").empty());
  EXPECT_TRUE(cgroup_mounts("1 2 3 / /x rw -\n").empty());
  EXPECT_TRUE(cgroup_mounts("1 2 3 / /x rw cgroup2 - ext4 x rw\n").empty());
}

TEST(cgroup_text_test, reads_the_group_of_version_2) {
  EXPECT_EQ(cgroup_of("4:memory:/one\n0::/two/x y\n"), "/two/x y");
  EXPECT_EQ(cgroup_of("0::/\n"), "/");
  EXPECT_EQ(cgroup_of("4:memory:/one\n"), std::nullopt);
  EXPECT_EQ(cgroup_of(""), std::nullopt);
}

TEST(cgroup_text_test, a_group_has_a_directory_where_the_mount_shows_it) {
  const cgroup_mount whole{"/", "/cg"};
  EXPECT_EQ(directory_of(whole, "/"), "/cg");
  EXPECT_EQ(directory_of(whole, "/a/b"), "/cg/a/b");
  const cgroup_mount part{"/a", "/cg"};
  EXPECT_EQ(directory_of(part, "/a"), "/cg");
  EXPECT_EQ(directory_of(part, "/a/b"), "/cg/b");
  EXPECT_EQ(directory_of(part, "/ab"), std::nullopt);
  EXPECT_EQ(directory_of(part, "/"), std::nullopt);
}

TEST(cgroup_text_test, a_group_outside_of_the_namespace_has_none) {
  EXPECT_EQ(directory_of({"/", "/cg"}, "/../other"), std::nullopt);
  EXPECT_EQ(directory_of({"/", "/cg"}, "/.."), std::nullopt);
  EXPECT_EQ(directory_of({"/..", "/cg"}, "/"), std::nullopt);
}

TEST(cgroup_text_test, reads_processes_and_counts) {
  EXPECT_EQ(pids_of("0\n12\n345\n"), (std::vector<pid_t>{0, 12, 345}));
  const auto* events = "low 0\nmax 7\noom 2\noom_kill 3\noom_group_kill 1\n";
  EXPECT_EQ(value_of(events, "oom"), 2U);
  EXPECT_EQ(value_of(events, "oom_kill"), 3U);
  EXPECT_EQ(value_of(events, "none"), 0U);
  EXPECT_EQ(value_of("", "oom"), 0U);
}

TEST(cgroup_text_test, a_unit_is_the_last_service_or_scope_of_a_path) {
  EXPECT_EQ(unit_of("/cg/system.slice/jobq.service"),
            "/cg/system.slice/jobq.service");
  EXPECT_EQ(unit_of("/cg/user@1.service/app.slice/x.scope/sub"),
            "/cg/user@1.service/app.slice/x.scope");
  EXPECT_EQ(unit_of("/cg/docker/abc"), "");
  EXPECT_EQ(unit_of("/"), "");
}

} // namespace

} // namespace jobq::hosting
