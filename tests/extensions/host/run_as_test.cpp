#include <unistd.h>

#include <algorithm>

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
  auto options = usual();
  options.host.user = *find_host_user("nobody");
  restart(options);
  const auto what = a_run("kill_warden");
  auto hears = start(what);
  hosts().stop(what.id, stop_reason::timeout);
  EXPECT_EQ(hears.wait().error,
            "did not stop within 100 ms, and was ended with SIGTERM");
}

TEST_F(run_as_test, a_fork_bomb_meets_its_limit) {
  auto options = usual();
  options.host.user = *find_host_user("nobody");
  options.host.processes = 20;
  restart(options);
  // Other tests may have processes of this user at the same time.
  const auto forks = result_of("count_forks").counters["forks"];
  EXPECT_GT(forks, 5);
  EXPECT_LT(forks, 20);
}

TEST_F(run_as_test, users_that_can_not_be_are_refused) {
  for (const auto& [name, why] :
       {std::pair{"no-such-user", "is no user of this machine"},
        std::pair{"root", "is root: name a user without privileges"}}) {
    const auto user = find_host_user(name);
    ASSERT_FALSE(user);
    EXPECT_EQ(user.error().message,
              "scheduler.run_as: \"" + std::string{name} + "\" " + why);
  }
}

} // namespace

} // namespace jobq
