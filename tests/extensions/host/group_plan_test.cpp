#include "extensions/host/group_plan.hpp"

#include <gtest/gtest.h>

namespace jobq::hosting {

namespace {

using names = std::vector<std::string>;
constexpr pid_t server = 7;

group_facts a_service() {
  return {false, {"cpu", "memory", "pids"}, {}, {server}};
}

TEST(group_plan_test, a_server_that_is_alone_makes_room) {
  const auto plan = plan_for(a_service(), server);
  EXPECT_EQ(plan.enable, (names{"memory", "pids"}));
  EXPECT_TRUE(plan.move_server);
  EXPECT_EQ(plan.missing, "");
}

TEST(group_plan_test, nobody_else_is_moved) {
  for (const std::vector<pid_t>& members :
       {std::vector<pid_t>{server, 8}, {8}, {0, server}}) {
    auto facts = a_service();
    facts.members = members;
    const auto plan = plan_for(facts, server);
    EXPECT_TRUE(plan.enable.empty());
    EXPECT_FALSE(plan.move_server);
    EXPECT_NE(plan.missing.find("other processes share"), std::string::npos);
  }
}

TEST(group_plan_test, nothing_is_moved_for_nothing) {
  auto facts = a_service();
  facts.controllers = {"cpu"};
  const auto plan = plan_for(facts, server);
  EXPECT_FALSE(plan.move_server);
  EXPECT_EQ(plan.missing,
            "no controller memory: the server's control group lacks it; no "
            "controller pids: the server's control group lacks it");
}

TEST(group_plan_test, one_controller_is_better_than_none) {
  auto facts = a_service();
  facts.controllers = {"pids"};
  const auto plan = plan_for(facts, server);
  EXPECT_EQ(plan.enable, names{"pids"});
  EXPECT_TRUE(plan.move_server);
  EXPECT_NE(plan.missing.find("no controller memory"), std::string::npos);
}

TEST(group_plan_test, an_empty_group_needs_no_move) {
  auto facts = a_service();
  facts.members.clear();
  const auto plan = plan_for(facts, server);
  EXPECT_EQ(plan.enable, (names{"memory", "pids"}));
  EXPECT_FALSE(plan.move_server);
}

TEST(group_plan_test, the_root_group_stays_as_it_is) {
  group_facts facts{true, {"memory", "pids"}, {"pids"}, {1, server}};
  const auto plan = plan_for(facts, server);
  EXPECT_TRUE(plan.enable.empty());
  EXPECT_FALSE(plan.move_server);
  EXPECT_EQ(plan.missing, "no controller memory: it is not enabled below the "
                          "root control group");
  facts.enabled = {"memory", "pids"};
  EXPECT_EQ(plan_for(facts, server).missing, "");
}

} // namespace

} // namespace jobq::hosting
