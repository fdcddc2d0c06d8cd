#include "actors/keeper.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/scheduler/test_coordinator.hpp>
#include <caf/send.hpp>
#include <gtest/gtest.h>

namespace jobq {
namespace {

/// Keeps commands until the test answers them.
class slow_committer : public commit_queue {
public:
  void submit(any_command what, commit_callback done) override {
    commands.push_back(std::move(what));
    callbacks.push_back(std::move(done));
  }
  void on_pulse(pulse_callback callback) override {
    beat = std::move(callback);
  }

  std::vector<any_command> commands;
  std::vector<commit_callback> callbacks;
  pulse_callback beat;
};

class keeper : public testing::Test {
protected:
  keeper() {
    settings_.set("scheduler.policy", caf::atom("testing"));
    system_ = std::make_unique<caf::actor_system>(settings_);
    desk_ = std::make_shared<commit_desk>(commits_);
    actor_ = spawn_keeper(*system_, {desk_, "me", [] { return time_point{}; },
                                     [](log_level, std::string_view) {}});
    settle();
  }

  ~keeper() override {
    caf::anon_send(actor_, atom::halt_v);
    settle();
  }

  void settle() {
    dynamic_cast<caf::scheduler::test_coordinator&>(system_->scheduler()).run();
  }

  void want(std::uint32_t runs) {
    caf::anon_send(actor_, atom::want_v, runs);
    settle();
  }

  slow_committer commits_;
  caf::actor_system_config settings_;
  std::unique_ptr<caf::actor_system> system_;
  std::shared_ptr<commit_desk> desk_;
  keeper_actor actor_;
};

TEST_F(keeper, claims_again_when_work_came_while_an_empty_claim_was_answered) {
  want(4);
  ASSERT_EQ(commits_.commands.size(), 1U);
  commits_.callbacks[0](reply{}); // nothing to claim
  commits_.beat({false, {}});
  commits_.beat({true, {}}); // another commit brought something
  settle();
  ASSERT_EQ(commits_.commands.size(), 2U);
  EXPECT_TRUE(std::holds_alternative<command::claim>(commits_.commands[1]));
  commits_.callbacks[1](reply{});
  settle();
}

TEST_F(keeper, claims_again_when_the_pulse_came_before_an_empty_claims_answer) {
  want(4);
  commits_.beat({false, {}});
  commits_.beat({true, {}}); // a later commit's, while the disk is waited for
  settle();
  commits_.callbacks[0](reply{});
  settle();
  ASSERT_EQ(commits_.commands.size(), 2U);
  commits_.callbacks[1](reply{});
  settle();
}

TEST_F(keeper, claims_nothing_until_a_pulse_says_that_there_is_something) {
  want(4);
  commits_.callbacks[0](reply{});
  commits_.beat({false, {}});
  settle();
  want(2);
  EXPECT_EQ(commits_.commands.size(), 1U);
  commits_.beat({true, {}});
  settle();
  ASSERT_EQ(commits_.commands.size(), 2U);
  EXPECT_EQ(std::get<command::claim>(commits_.commands[1]).limit, 6U);
  commits_.callbacks[1](reply{});
  settle();
}

} // namespace
} // namespace jobq
