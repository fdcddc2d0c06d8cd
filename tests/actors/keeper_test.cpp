#include "actors/keeper.hpp"

#include <string>
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
  void claim_for(claimer one) override { who = std::move(one); }
  void want(std::uint32_t runs) override { wanted += runs; }
  void stop_claiming(commit_callback done) override {
    stopped.push_back(std::move(done));
  }
  void on_pulse(pulse_callback callback) override {
    beat = std::move(callback);
  }

  std::vector<any_command> commands;
  std::vector<commit_callback> callbacks;
  claimer who;
  std::uint32_t wanted = 0;
  std::vector<commit_callback> stopped;
  pulse_callback beat;
};

class keeper : public testing::Test {
protected:
  keeper() {
    settings_.set("scheduler.policy", caf::atom("testing"));
    system_ = std::make_unique<caf::actor_system>(settings_);
    desk_ = std::make_shared<commit_desk>(commits_);
    actor_ = spawn_keeper(*system_, {desk_, "me", [] { return time_point{}; },
                                     [this](log_level, std::string_view line) {
                                       log_.emplace_back(line);
                                     },
                                     [this] { ++drained_; }});
    settle();
  }

  ~keeper() override {
    caf::anon_send(actor_, atom::halt_v);
    settle();
    for (const auto& done : std::exchange(commits_.stopped, {}))
      done(reply{});
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
  int drained_ = 0;
  std::vector<std::string> log_;
  keeper_actor actor_;
};

TEST_F(keeper, has_runs_claimed_in_its_engines_name) {
  EXPECT_EQ(commits_.who.owner, "me");
  want(4);
  want(2);
  EXPECT_EQ(commits_.wanted, 6U);
  EXPECT_TRUE(commits_.commands.empty());
}

TEST_F(keeper, is_drained_once_the_last_claim_has_been_handed_on) {
  caf::anon_send(actor_, atom::drain_v);
  settle();
  want(3);
  EXPECT_EQ(commits_.wanted, 0U) << "nobody is to be started any more";
  ASSERT_EQ(commits_.stopped.size(), 1U);
  EXPECT_EQ(drained_, 0);
  commits_.stopped[0](reply{});
  settle();
  EXPECT_EQ(drained_, 1);
  commits_.stopped.clear();
}

TEST_F(keeper, logs_which_runs_are_passed_over) {
  reply came;
  came.unread.push_back({errc::io, "run 1 can't be read"});
  commits_.who.claimed(came);
  settle();
  EXPECT_EQ(log_, std::vector<std::string>{"run 1 can't be read"});
  const std::vector<any_command> due{command::promote{}};
  caf::anon_send(actor_, atom::commit_v,
                 std::make_shared<std::vector<any_command>>(due));
  settle();
  ASSERT_EQ(commits_.callbacks.size(), 1U);
  commits_.callbacks[0](came);
  settle();
  EXPECT_EQ(log_.size(), 2U);
  came.unread.resize(300, came.unread[0]);
  commits_.who.claimed(came);
  settle();
  EXPECT_EQ(log_.size(), 2U + 10U + 1U);
  EXPECT_EQ(log_.back().find("290 more runs"), 0U);
}

TEST_F(keeper, that_dies_has_nothing_claimed_any_more) {
  caf::anon_send_exit(actor_, caf::exit_reason::kill);
  settle();
  EXPECT_EQ(commits_.stopped.size(), 1U);
}

TEST_F(keeper, is_told_of_a_pulse_only_when_it_asks_for_something) {
  int told = 0;
  desk_->on_delivery([&] { ++told; });
  const time_point due{seconds{60}};
  const auto tell = [&](pulse latest) {
    commits_.beat(latest);
    const auto pulse = desk_->collect().pulse;
    EXPECT_EQ(pulse->next_due, latest.next_due) << "it is there all the same";
    return std::exchange(told, 0);
  };
  EXPECT_EQ(tell({}), 0);
  EXPECT_EQ(tell({due}), 1) << "the clock has to know";
  EXPECT_EQ(tell({due}), 0) << "it does";
  EXPECT_EQ(tell({due + seconds{1}}), 1);
  EXPECT_EQ(tell({}), 1) << "an earlier one is new again after that";
  EXPECT_EQ(tell({due}), 1);
  desk_->submit(command::promote{}, 1);
  commits_.callbacks.back()(reply{});
  EXPECT_FALSE(desk_->collect().pulse) << "its answer overtook it";
  told = 0;
  EXPECT_EQ(tell({due}), 1) << "it may have been forgotten";
  desk_->on_delivery({});
}

TEST_F(keeper, tells_a_new_clock_what_the_last_one_knew) {
  const time_point due{seconds{60}};
  std::vector<time_point> first;
  std::vector<time_point> second;
  const auto clock = listener(first);
  introduce(clock);
  EXPECT_TRUE(first.empty());
  commits_.beat({due});
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
