#include "extensions/host/host_groups.hpp"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "tests/extensions/host/cgroup_fixture.hpp"

namespace jobq::hosting {

namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t mebibyte = 1 << 20;

/// A process that does nothing. Killed and reaped at the end.
class sleeper {
public:
  sleeper() : pid_{::fork()} {
    if (pid_ == 0)
      for (;;)
        ::pause();
  }
  ~sleeper() {
    ::kill(pid_, SIGKILL);
    wait();
  }
  sleeper(const sleeper&) = delete;
  sleeper& operator=(const sleeper&) = delete;
  pid_t pid() const { return pid_; }
  /// @returns the signal that it died of
  int wait() {
    int status = 0;
    return ::waitpid(pid_, &status, 0) == pid_ && WIFSIGNALED(status)
               ? WTERMSIG(status)
               : 0;
  }

private:
  const pid_t pid_;
};

class fake_groups_test : public testing::Test {
protected:
  std::shared_ptr<host_groups> open() {
    auto made = host_groups::open(fake_.own(), ::getpid(), fake_.directories());
    EXPECT_TRUE(made) << made.error().message;
    return made ? *made : nullptr;
  }
  fs::path parent() const {
    return fake_.own() / ("jobq-hosts-" + std::to_string(::getpid()));
  }

  fake_groups fake_;
};

TEST_F(fake_groups_test, a_server_alone_is_moved_and_moved_back) {
  {
    const auto groups = open();
    EXPECT_EQ(fake_.get(fake_.own() / "server/cgroup.procs"),
              std::to_string(::getpid()));
    EXPECT_EQ(fake_.get(fake_.own() / "cgroup.subtree_control"),
              "+memory+pids");
  }
  const auto self = std::to_string(::getpid());
  EXPECT_EQ(fake_.get(fake_.own() / "cgroup.procs"), self + "\n" + self);
  EXPECT_FALSE(fs::exists(fake_.own() / "server"));
  EXPECT_FALSE(fs::exists(parent()));
}

TEST_F(fake_groups_test, a_server_is_not_moved_without_controllers) {
  fake_.put(fake_.own() / "cgroup.controllers", "cpu\n");
  const auto groups = open();
  EXPECT_FALSE(fs::exists(fake_.own() / "server"));
  EXPECT_FALSE(groups->limits_memory());
  EXPECT_FALSE(groups->limits_processes());
  EXPECT_NE(groups->missing(), "");
}

TEST_F(fake_groups_test, a_refused_move_leaves_groups_without_controllers) {
  auto directories = fake_.directories();
  directories.make = [make = directories.make](const fs::path& path) {
    return path.filename() == "server"
               ? std::make_error_code(std::errc::permission_denied)
               : make(path);
  };
  const auto groups = host_groups::open(fake_.own(), ::getpid(), directories);
  ASSERT_TRUE(groups);
  EXPECT_NE((*groups)->missing().find("can't move the server"),
            std::string::npos);
  EXPECT_EQ(fake_.get(fake_.own() / "cgroup.subtree_control"), "");
}

TEST_F(fake_groups_test, hosts_get_the_limits_that_there_are) {
  fake_.put(fake_.own() / "cgroup.subtree_control", "memory pids\n");
  const auto groups = open();
  ASSERT_TRUE(groups->limits_memory() && groups->limits_processes());
  EXPECT_EQ(groups->missing(), "");
  EXPECT_EQ(fake_.get(parent() / "cgroup.subtree_control"), "+memory+pids");
  auto host = groups->add({128 * mebibyte, 256});
  ASSERT_TRUE(host) << host.error().message;
  const auto path = (*host)->group().directory();
  EXPECT_EQ(path.parent_path(), parent());
  EXPECT_EQ(fake_.get(path / "memory.max"), "134217728");
  EXPECT_EQ(fake_.get(path / "memory.swap.max"), "0");
  EXPECT_EQ(fake_.get(path / "memory.oom.group"), "1");
  EXPECT_EQ(fake_.get(path / "pids.max"), "256");
  host->reset();
  EXPECT_FALSE(fs::exists(path));
}

TEST_F(fake_groups_test, a_host_without_a_memory_limit_has_none) {
  fake_.put(fake_.own() / "cgroup.subtree_control", "memory pids\n");
  const auto host = open()->add({0, 256});
  ASSERT_TRUE(host);
  EXPECT_EQ(fake_.get((*host)->group().directory() / "memory.max"), "");
}

TEST_F(fake_groups_test, a_limit_that_can_not_be_set_refuses_the_host) {
  fake_.put(fake_.own() / "cgroup.subtree_control", "memory pids\n");
  const auto groups = open();
  fake_.controllers = "memory";
  const auto host = groups->add({mebibyte, 256});
  ASSERT_FALSE(host);
  EXPECT_EQ(host.error().code, errc::unavailable);
  EXPECT_NE(host.error().message.find("can't limit the processes of"),
            std::string::npos);
  EXPECT_FALSE(fs::exists(parent() / "host-1"));
}

TEST_F(fake_groups_test, what_a_dead_server_left_is_removed) {
  fs::create_directories(fake_.own() / "jobq-hosts-99/host-3");
  fs::create_directories(fake_.own() / "jobq-hosts-mine");
  const auto groups = open();
  EXPECT_FALSE(fs::exists(fake_.own() / "jobq-hosts-99"));
  EXPECT_TRUE(fs::exists(fake_.own() / "jobq-hosts-mine"));
}

TEST_F(fake_groups_test, what_a_living_server_has_stays) {
  const auto first = host_groups::open(fake_.own(), 99, fake_.directories());
  ASSERT_TRUE(first);
  const auto second = open();
  EXPECT_TRUE(fs::exists(fake_.own() / "jobq-hosts-99"));
  EXPECT_FALSE(host_groups::open(fake_.own(), 99, fake_.directories()));
  EXPECT_TRUE(fs::exists(fake_.own() / "jobq-hosts-99"));
}

TEST_F(fake_groups_test, a_unit_that_does_not_delegate_is_left_alone) {
  const auto unit = fake_.own() / "jobq.service";
  fs::create_directory(unit);
  const auto refused = host_groups::open(unit, ::getpid());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message,
            "jobq.service does not delegate its control group (Delegate=yes)");
  EXPECT_TRUE(fs::is_empty(unit));
}

TEST_F(fake_groups_test, a_place_that_is_none_is_refused) {
  const auto refused = host_groups::open(fake_.own() / "nowhere", ::getpid());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, errc::unsupported);
  EXPECT_NE(refused.error().message.find("No such file"), std::string::npos);
}

TEST(control_group_test, kills_one_by_one_where_the_kernel_has_no_kill) {
  const temporary_directory directory;
  fs::create_directory(directory.path() / "below");
  sleeper first;
  sleeper second;
  fake_groups::put(directory.path() / "cgroup.procs",
                   "0\n1\n" + std::to_string(::getpid()) + "\n"
                       + std::to_string(first.pid()) + "\n");
  fake_groups::put(directory.path() / "below/cgroup.procs",
                   std::to_string(second.pid()) + "\n");
  EXPECT_EQ(control_group{directory.path()}.kill(), 2U);
  EXPECT_EQ(first.wait(), SIGKILL);
  EXPECT_EQ(second.wait(), SIGKILL);
}

TEST(control_group_test, reads_what_the_kernel_counted) {
  const temporary_directory directory;
  const control_group group{directory.path()};
  EXPECT_EQ(group.memory().peak, 0U);
  EXPECT_EQ(group.memory().oom_kills, 0U);
  fake_groups::put(directory.path() / "memory.events", "oom 1\noom_kill 2\n");
  fake_groups::put(directory.path() / "memory.peak", "4096\n");
  EXPECT_EQ(group.memory().peak, 4096U);
  EXPECT_EQ(group.memory().oom_kills, 2U);
  EXPECT_EQ(group.memory().limit_hits, 1U);
}

TEST(control_group_test, never_makes_a_file) {
  const temporary_directory directory;
  EXPECT_TRUE(control_group{directory.path()}.limit_memory(mebibyte));
  EXPECT_TRUE(fs::is_empty(directory.path()));
}

class real_groups_test : public testing::Test {
protected:
  void SetUp() override {
    if (!real_.why_not().empty())
      GTEST_SKIP() << real_.why_not();
  }

  real_group real_;
};

TEST_F(real_groups_test, a_group_ends_with_its_processes) {
  sleeper one;
  {
    const auto groups
        = host_groups::open(real_.path(), ::getpid(), real_.directories());
    ASSERT_TRUE(groups) << groups.error().message;
    const auto host = (*groups)->add({});
    ASSERT_TRUE(host) << host.error().message;
    ASSERT_FALSE((*host)->group().add(one.pid()));
    EXPECT_EQ((*host)->group().members(), std::vector<pid_t>{one.pid()});
  }
  EXPECT_EQ(one.wait(), SIGKILL);
  EXPECT_EQ(real_.groups(), 0U);
}

TEST_F(real_groups_test, groups_that_a_host_made_go_with_it) {
  sleeper one;
  const auto groups
      = host_groups::open(real_.path(), ::getpid(), real_.directories());
  ASSERT_TRUE(groups);
  {
    const auto host = (*groups)->add({});
    ASSERT_TRUE(host);
    const auto below = (*host)->group().directory() / "of" / "its";
    fs::create_directories(below);
    ASSERT_FALSE(control_group{below}.add(one.pid()));
  }
  EXPECT_EQ(one.wait(), SIGKILL);
  // The next host clears away what took longer to die.
  { const auto next = (*groups)->add({}); }
  EXPECT_EQ(real_.groups(), 1U);
}

TEST_F(real_groups_test, what_a_killed_server_left_dies_with_the_next_one) {
  sleeper orphan;
  const auto server = ::fork();
  if (server == 0) {
    const auto groups
        = host_groups::open(real_.path(), ::getpid(), real_.directories());
    const auto host = groups ? (*groups)->add({}) : nullptr;
    if (host && !(*host)->group().add(orphan.pid()))
      ::raise(SIGKILL);
    ::_exit(1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(server, &status, 0), server);
  ASSERT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(real_.groups(), 2U);
  {
    const auto groups
        = host_groups::open(real_.path(), ::getpid(), real_.directories());
    ASSERT_TRUE(groups);
    EXPECT_EQ(real_.groups(), 1U);
  }
  EXPECT_EQ(orphan.wait(), SIGKILL);
  EXPECT_EQ(real_.groups(), 0U);
}

} // namespace

} // namespace jobq::hosting
