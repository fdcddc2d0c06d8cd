#include "actors/keeper.hpp"

#include <utility>
#include <vector>

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

  /// A clock that only listens.
  clock_actor listener(std::vector<time_point>& heard) {
    return system_->spawn(
        [&heard](clock_actor::pointer self) -> clock_actor::behavior_type {
          return {
              [](atom::wake, std::uint64_t) {},
              [&heard](atom::wake, time_point due) { heard.push_back(due); },
              [](atom::reload, const config_ptr&) {},
              [](atom::toggle, const switch_order&) {},
              [self](atom::halt) { self->quit(); }};
        });
  }

  void introduce(const clock_actor& clock) {
    caf::anon_send(actor_, atom::meet_v, clock);
    settle();
  }

  void end(const clock_actor& clock) {
    caf::anon_send(clock, atom::halt_v);
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

TEST_F(keeper, is_told_of_a_pulse_only_when_it_asks_for_something) {
  int told = 0;
  desk_->on_delivery([&] { ++told; });
  const time_point due{seconds{60}};
  const auto tell = [&](pulse latest) {
    commits_.beat(latest);
    const auto pulse = desk_->collect().pulse;
    EXPECT_EQ(pulse->claimable, latest.claimable) << "it is there all the same";
    EXPECT_EQ(pulse->next_due, latest.next_due);
    return std::exchange(told, 0);
  };
  EXPECT_EQ(tell({false, {}}), 0);
  EXPECT_EQ(tell({true, {}}), 1);
  EXPECT_EQ(tell({false, due}), 1) << "the clock has to know";
  EXPECT_EQ(tell({false, due}), 0) << "it does";
  EXPECT_EQ(tell({true, due}), 1);
  EXPECT_EQ(tell({false, due + seconds{1}}), 1);
  EXPECT_EQ(tell({false, {}}), 1) << "an earlier one is new again after that";
  EXPECT_EQ(tell({false, due}), 1);
  desk_->submit(command::promote{}, 1);
  commits_.callbacks.back()(reply{});
  EXPECT_FALSE(desk_->collect().pulse) << "its answer overtook it";
  told = 0;
  EXPECT_EQ(tell({false, due}), 1) << "it may have been forgotten";
  desk_->on_delivery({});
}

TEST_F(keeper, tells_a_new_clock_what_the_last_one_knew) {
  const time_point due{seconds{60}};
  std::vector<time_point> first;
  std::vector<time_point> second;
  const auto clock = listener(first);
  introduce(clock);
  EXPECT_TRUE(first.empty());
  commits_.beat({false, due});
  settle();
  EXPECT_EQ(first, std::vector{due});
  end(clock);
  const auto next = listener(second);
  introduce(next);
  EXPECT_EQ(second, std::vector{due});
  end(next);
}

} // namespace
} // namespace jobq
