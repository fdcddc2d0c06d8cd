#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <string>

#include "tests/extensions/host/host_fixture.hpp"

namespace jobq {

namespace {

class run_as_test : public host_test {
protected:
  void SetUp() override {
    if (::geteuid() != 0)
      GTEST_SKIP() << "only root can become somebody else";
  }
};

TEST_F(run_as_test, functions_run_as_the_user) {
  const auto nobody = find_host_user("nobody");
  ASSERT_TRUE(nobody) << nobody.error().message;
  auto options = usual();
  options.host.user = *nobody;
  restart(options);
  auto hears = start(a_run("look_around"));
  const auto result = hears.wait();
  ASSERT_EQ(result.kind, outcome_kind::succeeded)
      << result.error << " (can nobody read the build directory?)";
  const auto lines = hears.lines();
  EXPECT_TRUE(std::ranges::count(lines, "user " + std::to_string(nobody->uid)));
  EXPECT_TRUE(std::ranges::count(lines, "environment USER=nobody"));
  EXPECT_TRUE(std::ranges::count(lines, "environment HOME=" + nobody->home));
}

TEST_F(run_as_test, a_user_can_not_stop_its_warden) {
  auto options = impatient();
  options.host.user = *find_host_user("nobody");
  restart(options);
  const auto what = a_run("kill_warden");
  auto hears = start(what);
  EXPECT_TRUE(hears.wait_for_line("begun"));
  hosts().stop(what.id, stop_reason::timeout);
  EXPECT_EQ(hears.wait().error,
            "did not stop within 100 ms, and was ended with SIGTERM");
}

TEST_F(run_as_test, a_fork_bomb_meets_its_limit) {
  auto options = usual();
  // Nobody else's, whose processes would count.
  const auto own = static_cast<uid_t>(40'000 + ::getpid() % 10'000);
  options.host.user = host_user{"jobq-test", own, own, "/"};
  options.host.processes = 20;
  restart(options);
  const auto forks = result_of("count_forks").counters["forks"];
  EXPECT_GT(forks, 5);
  EXPECT_LE(forks, 20);
}

std::string refusal_of(const std::string& name) {
  const auto user = find_host_user(name);
  return user ? "not refused" : user.error().message;
}

TEST(find_host_user_test, users_that_can_not_be_are_refused) {
  EXPECT_EQ(refusal_of("no-such-user"),
            "scheduler.run_as: \"no-such-user\" is no user of this machine: "
            "create it or name another");
  EXPECT_EQ(refusal_of("root"), "scheduler.run_as: \"root\" is root: name a "
                                "user without privileges");
}

/// What a process that is not root hears.
std::string refusal_without_root(const std::string& name) {
  if (::geteuid() != 0)
    return refusal_of(name);
  int ends[2];
  if (::pipe(ends) != 0)
    return "no pipe";
  const auto child = ::fork();
  if (child == 0) {
    constexpr uid_t somebody = 54321;
    std::string said = "can't give root up";
    if (::setresuid(somebody, somebody, somebody) == 0)
      said = refusal_of(name);
    (void)!::write(ends[1], said.data(), said.size());
    ::_exit(0);
  }
  ::close(ends[1]);
  char said[1000];
  const auto size = ::read(ends[0], said, sizeof said);
  ::close(ends[0]);
  ::waitpid(child, nullptr, 0);
  return {said, static_cast<std::size_t>(std::max<ssize_t>(size, 0))};
}

TEST(find_host_user_test, only_root_can_become_somebody_else) {
  if (::geteuid() == find_host_user("nobody").value_or(host_user{}).uid)
    GTEST_SKIP() << "this is nobody";
  EXPECT_EQ(refusal_without_root("nobody"),
            "scheduler.run_as: \"nobody\" can't be used: only a server that "
            "was started as root can run jobs as another user; start it as "
            "root or leave run_as out");
}

} // namespace

} // namespace jobq
