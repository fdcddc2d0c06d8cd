#include "extensions/host/containment.hpp"

#include <signal.h>
#include <unistd.h>

#include <fstream>
#include <optional>
#include <thread>

#include "tests/extensions/host/cgroup_fixture.hpp"
#include "tests/extensions/host/host_fixture.hpp"

namespace jobq {

using namespace std::chrono_literals;

namespace {

using hosting::host_groups;

TEST(describe_containment_test, tells_all_in_a_line) {
  containment what;
  what.why = "no cgroup2 file system is mounted";
  EXPECT_EQ(describe(what),
            "memory limited by rlimit, processes limited by rlimit, "
            "descendants killed by process tree; no cgroup2 file system is "
            "mounted");
  EXPECT_EQ(describe({containment::limit::cgroup,
                      containment::limit::cgroup,
                      containment::finder::cgroup,
                      {}}),
            "memory limited by cgroup, processes limited by cgroup, "
            "descendants killed by cgroup");
  what.processes = containment::limit::unbounded;
  EXPECT_NE(describe(what).find("processes unbounded (root is not bound by "
                                "rlimits: set scheduler.run_as)"),
            std::string::npos);
}

TEST(containment_of_test, root_is_not_bound_by_rlimits) {
  EXPECT_TRUE(outranks_process_limit(0, ""));
  EXPECT_FALSE(outranks_process_limit(1000, ""));
  EXPECT_FALSE(outranks_process_limit(
      1000, "Name:\tx\nCapEff:\t0000000000000000\nCapBnd:\tffff\n"));
  EXPECT_TRUE(
      outranks_process_limit(1000, "Name:\tx\nCapEff:\t0000000001000000\n"));
  EXPECT_TRUE(
      outranks_process_limit(1000, "Name:\tx\nCapEff:\t000001ffffffffff\n"));
}

TEST(containment_of_test, without_groups_tells_why) {
  host_options options;
  options.no_groups = "it is so";
  const auto found = containment_of(options);
  EXPECT_EQ(found.memory, containment::limit::rlimit);
  EXPECT_EQ(found.kill, containment::finder::process_tree);
  EXPECT_EQ(found.why, "it is so");
  if (::geteuid() == 0) {
    EXPECT_EQ(found.processes, containment::limit::unbounded);
    options.user = host_user{"nobody", 65534, 65534, "/"};
    EXPECT_EQ(containment_of(options).processes, containment::limit::rlimit);
  }
}

/// Hosts in files that look like groups: what is written, and what is read.
class fake_containment_test : public host_test {
protected:
  ~fake_containment_test() override { hosts_.reset(); }

  void contain() {
    auto options = usual();
    auto groups
        = host_groups::open(fake_.own(), ::getpid(), fake_.directories());
    ASSERT_TRUE(groups) << groups.error().message;
    options.host.groups = std::move(*groups);
    restart(std::move(options));
  }

  fake_groups fake_;
};

TEST_F(fake_containment_test, a_server_without_groups_says_so) {
  const auto found = hosts().statistics().contained;
  EXPECT_EQ(found.kill, containment::finder::process_tree);
}

TEST_F(fake_containment_test, groups_with_all_controllers_contain_all) {
  fake_.put(fake_.own() / "cgroup.subtree_control", "memory pids\n");
  contain();
  const auto found = hosts().statistics().contained;
  EXPECT_EQ(found.memory, containment::limit::cgroup);
  EXPECT_EQ(found.processes, containment::limit::cgroup);
  EXPECT_EQ(found.kill, containment::finder::cgroup);
  EXPECT_EQ(found.why, "");
  EXPECT_EQ(result_of("nothing").kind, outcome_kind::succeeded);
}

TEST_F(fake_containment_test, death_for_want_of_memory_has_its_name) {
  fake_.put(fake_.own() / "cgroup.subtree_control", "memory pids\n");
  fake_.memory_events = "oom 1\noom_kill 1\n";
  fake_.memory_peak = "134217728\n";
  contain();
  auto plan = a_plan();
  plan.limits.memory = 128 << 20;
  const auto result = result_of("kill_itself", plan);
  EXPECT_EQ(result.kind, outcome_kind::crashed);
  EXPECT_EQ(result.error,
            "killed for using more than limits.memory of 128 MiB");
  EXPECT_EQ(result.process->peak_memory, 134217728U);
}

TEST_F(fake_containment_test, a_machine_without_memory_is_not_the_limit) {
  fake_.put(fake_.own() / "cgroup.subtree_control", "memory pids\n");
  fake_.memory_events = "oom 0\noom_kill 1\n";
  contain();
  EXPECT_EQ(result_of("kill_itself").error,
            "killed by the kernel, which was out of memory");
}

TEST_F(fake_containment_test, a_host_that_can_not_enter_keeps_runs_waiting) {
  fake_.put(fake_.own() / "cgroup.subtree_control", "memory pids\n");
  contain();
  fake_.hosts_can_enter = false;
  auto hears = start(a_run("nothing"));
  while (hosts().statistics().failure.empty())
    std::this_thread::sleep_for(1ms);
  EXPECT_NE(hosts().statistics().failure.find("can't join the control group"),
            std::string::npos);
  fake_.hosts_can_enter = true;
  EXPECT_EQ(hears.wait().kind, outcome_kind::succeeded);
}

TEST_F(fake_containment_test, a_limit_that_no_host_fits_in_ends_its_run_alone) {
  fake_.put(fake_.own() / "cgroup.subtree_control", "memory pids\n");
  contain();
  fake_.memory_events = "oom 1\noom_kill 1\n";
  fake_.hosts_can_enter = false; // so that it ends before it has begun
  EXPECT_EQ(result_of("nothing").kind, outcome_kind::failed);
  EXPECT_EQ(hosts().statistics().not_started, 0U);
}

TEST_F(fake_containment_test, a_spared_server_has_hosts_that_are_not) {
  const std::string file = "/proc/self/oom_score_adj";
  const auto before = fake_.get(file);
  fake_.put(file, "-1000");
  if (fake_.get(file) != "-1000\n")
    GTEST_SKIP() << "this process may not spare itself";
  const auto result = result_of("look_around");
  fake_.put(file, before);
  EXPECT_EQ(fake_.get("/proc/" + std::to_string(result.counters.at("pid"))
                      + "/oom_score_adj"),
            "0\n");
}

TEST_F(fake_containment_test, other_deaths_keep_their_names) {
  fake_.put(fake_.own() / "cgroup.subtree_control", "memory pids\n");
  contain();
  EXPECT_EQ(result_of("kill_itself").error, "killed by signal 9 (SIGKILL)");
}

/// Hosts in groups of this kernel's.
class contained_test : public host_test {
protected:
  void SetUp() override {
    if (!real_.why_not().empty())
      GTEST_SKIP() << real_.why_not();
    contain({});
  }

  void contain(std::optional<host_user> user) {
    hosts_.reset();
    auto options = usual();
    options.host.user = std::move(user);
    auto groups
        = host_groups::open(real_.path(), ::getpid(), real_.directories());
    ASSERT_TRUE(groups) << groups.error().message;
    options.host.groups = std::move(*groups);
    restart(std::move(options));
  }

  void TearDown() override {
    hosts_.reset();
    if (real_.why_not().empty()) {
      EXPECT_EQ(real_.groups(), 0U) << "left behind";
    }
  }

  static bool is_gone(pid_t pid) {
    return soon([pid] { return ::kill(pid, 0) != 0; });
  }

  real_group real_;
};

TEST_F(contained_test, a_runner_is_in_a_group_without_its_warden) {
  const auto result = result_of("look_around");
  const auto runner = static_cast<pid_t>(result.counters.at("pid"));
  const auto groups = hosting::control_group{real_.path()}.descendants();
  ASSERT_EQ(groups.size(), 2U);
  EXPECT_EQ(groups[0].members(), std::vector<pid_t>{runner});
  EXPECT_TRUE(groups[1].members().empty());
  EXPECT_EQ(hosts().statistics().contained.kill, containment::finder::cgroup);
}

TEST_F(contained_test, a_fork_bomb_is_cleared_away) {
  EXPECT_EQ(result_of("fork_bomb").kind, outcome_kind::succeeded);
  EXPECT_TRUE(soon([this] { return only_hosts_are_left(); })) << processes();
}

TEST_F(contained_test, a_daemon_does_not_outlive_its_run) {
  const auto result = result_of("daemonize");
  EXPECT_EQ(result.kind, outcome_kind::succeeded);
  EXPECT_TRUE(is_gone(std::stoi(result.message)));
}

TEST_F(contained_test, a_daemon_that_killed_its_warden_does_not_escape) {
  auto hears = start(a_run("daemonize_and_kill_warden"));
  EXPECT_EQ(hears.wait().kind, outcome_kind::crashed);
  const auto line = hears.lines().at(0);
  EXPECT_TRUE(is_gone(std::stoi(line.substr(line.find(' ')))));
}

TEST_F(contained_test, a_hundred_crashes_leave_no_groups) {
  const char* const ways[]
      = {"null_dereference", "exit_three", "daemonize", "kill_warden"};
  for (int i = 0; i < 100; ++i)
    result_of(ways[i % 4]);
  EXPECT_EQ(result_of("nothing").kind, outcome_kind::succeeded);
  // The server's, this host's, and perhaps one that is dying.
  EXPECT_LE(real_.groups(), 3U);
}

TEST_F(contained_test, another_user_is_in_its_group_and_can_not_leave) {
  const auto nobody = find_host_user("nobody");
  if (::geteuid() != 0 || !nobody)
    GTEST_SKIP() << "only root can become somebody else";
  contain(*nobody);
  auto what = a_run("enter_group");
  what.parameters["group"] = real_.path();
  const auto result = start(what).wait();
  EXPECT_EQ(result.message, "Permission denied")
      << result.error << " (can nobody read the build directory?)";
  const auto groups = hosting::control_group{real_.path()}.descendants();
  ASSERT_EQ(groups.size(), 2U);
  EXPECT_EQ(groups[0].members().size(), 1U);
}

TEST_F(contained_test, a_process_that_left_its_group_is_found_all_the_same) {
  auto what = a_run("enter_group");
  what.parameters["group"] = real_.path();
  EXPECT_EQ(start(what).wait().message, "entered");
  EXPECT_EQ(result_of("fork_bomb").kind, outcome_kind::succeeded);
  EXPECT_EQ(result_of("nothing").kind, outcome_kind::succeeded);
  EXPECT_TRUE(soon([this] { return only_hosts_are_left(); })) << processes();
}

TEST_F(contained_test, a_group_that_can_not_be_made_keeps_runs_waiting) {
  const auto what = a_run("nothing");
  const auto parent
      = real_.path() / ("jobq-hosts-" + std::to_string(::getpid()));
  std::ofstream{parent / "cgroup.max.descendants"} << "0";
  auto hears = start(what);
  while (hosts().statistics().not_started == 0)
    std::this_thread::sleep_for(1ms);
  EXPECT_NE(hosts().statistics().failure.find("can't make the control group"),
            std::string::npos);
  std::ofstream{parent / "cgroup.max.descendants"} << "max";
  EXPECT_EQ(hears.wait().kind, outcome_kind::succeeded);
}

} // namespace

} // namespace jobq
