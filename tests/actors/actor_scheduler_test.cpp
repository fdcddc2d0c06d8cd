#include "actors/actor_scheduler.hpp"

#include <chrono>
#include <future>
#include <thread>

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/sec.hpp>
#include <caf/send.hpp>
#include <gtest/gtest.h>

namespace jobq {
namespace {

using namespace std::chrono_literals;
using word = caf::atom_constant<caf::atom("word")>;

struct config : caf::actor_system_config {
  config() { use_actor_scheduler(*this); }
};

caf::behavior patient(caf::event_based_actor* self, std::promise<void>* came) {
  self->delayed_send(self, 20ms, word::value);
  return {[self, came](word) {
    came->set_value();
    self->quit();
  }};
}

TEST(engine_on_threads_scheduler, delayed_messages_come) {
  config settings;
  caf::actor_system system{settings};
  std::promise<void> came;
  const auto begun = std::chrono::steady_clock::now();
  system.spawn(patient, &came);
  ASSERT_EQ(came.get_future().wait_for(20s), std::future_status::ready);
  EXPECT_GE(std::chrono::steady_clock::now() - begun, 20ms);
}

TEST(engine_on_threads_scheduler, a_request_that_nobody_answers_times_out) {
  config settings;
  caf::actor_system system{settings};
  auto silent = system.spawn([](caf::event_based_actor* self) -> caf::behavior {
    return {[self](word) { return self->make_response_promise(); }};
  });
  std::promise<caf::error> came;
  system.spawn([&](caf::event_based_actor* self) {
    self->request(silent, 20ms, word::value)
        .then([&] { came.set_value({}); },
              [&](const caf::error& why) { came.set_value(why); });
  });
  auto why = came.get_future();
  ASSERT_EQ(why.wait_for(20s), std::future_status::ready);
  EXPECT_EQ(why.get(), caf::sec::request_timeout);
  caf::anon_send_exit(silent, caf::exit_reason::user_shutdown);
}

TEST(engine_on_threads_scheduler, an_actor_takes_its_timeouts_along) {
  config settings;
  caf::actor_system system{settings};
  auto silent = system.spawn([](caf::event_based_actor* self) -> caf::behavior {
    return {[self](word) { return self->make_response_promise(); }};
  });
  for (int i = 0; i < 100; ++i)
    system.spawn([&](caf::event_based_actor* self) {
      self->request(silent, 3600s, word::value).then([] {}, [](caf::error&) {});
      self->quit();
    });
  caf::anon_send_exit(silent, caf::exit_reason::user_shutdown);
  system.await_all_actors_done(); // and not in an hour
}

/// Tells which thread it runs on, and has a companion tell it too.
caf::behavior chatty(caf::event_based_actor* self,
                     std::promise<std::thread::id>* own,
                     std::promise<std::thread::id>* of_companion) {
  auto companion = self->spawn(
      [of_companion](caf::event_based_actor* it) -> caf::behavior {
        return {[=](word) {
          of_companion->set_value(std::this_thread::get_id());
          it->quit();
        }};
      });
  return {[=](word) {
    own->set_value(std::this_thread::get_id());
    self->send(companion, word::value);
    self->quit();
  }};
}

struct engine_on_threads_follow_up : testing::Test {
  config settings;
  caf::actor_system system{settings};
  std::shared_ptr<follow_up> work = make_follow_up(system);
  std::promise<std::thread::id> first, second;
  caf::actor actor = system.spawn<caf::lazy_init>(chatty, &first, &second);

  static bool is_set(std::future<std::thread::id>& came) {
    return came.wait_for(0s) == std::future_status::ready;
  }
};

TEST_F(engine_on_threads_follow_up,
       runs_them_and_those_that_they_tell_right_here) {
  auto own = first.get_future();
  auto of_companion = second.get_future();
  work->begin();
  caf::anon_send(actor, word::value);
  while (work->work()) {
  }
  work->end();
  ASSERT_TRUE(is_set(own) && is_set(of_companion));
  EXPECT_EQ(own.get(), std::this_thread::get_id());
  EXPECT_EQ(of_companion.get(), std::this_thread::get_id());
}

TEST_F(engine_on_threads_follow_up, leaves_the_rest_to_the_threads_in_the_end) {
  work->begin();
  caf::anon_send(actor, word::value);
  work->end();
  auto own = first.get_future();
  ASSERT_EQ(own.wait_for(20s), std::future_status::ready);
  EXPECT_NE(own.get(), std::this_thread::get_id());
  second.get_future().wait();
}

// Each of them, however quickly the threads take the first.
TEST_F(engine_on_threads_follow_up, leaves_none_behind) {
  for (int round = 0; round < 2'000; ++round) {
    std::promise<std::thread::id> other;
    work->begin();
    for (auto* const came : {&first, &other}) {
      *came = {};
      auto one = system.spawn([came](caf::event_based_actor* self) {
        came->set_value({});
        self->quit();
      });
    }
    work->end();
    first.get_future().wait();
    ASSERT_EQ(other.get_future().wait_for(20s), std::future_status::ready);
  }
  caf::anon_send_exit(actor, caf::exit_reason::user_shutdown);
}

TEST_F(engine_on_threads_follow_up, is_nothing_to_those_of_another_system) {
  config others;
  caf::actor_system other{others};
  std::promise<std::thread::id> came, of_companion;
  auto stranger = other.spawn(chatty, &came, &of_companion);
  work->begin();
  caf::anon_send(stranger, word::value);
  auto own = came.get_future();
  ASSERT_EQ(own.wait_for(20s), std::future_status::ready);
  EXPECT_FALSE(work->work());
  work->end();
  of_companion.get_future().wait();
  caf::anon_send_exit(actor, caf::exit_reason::user_shutdown);
}

} // namespace
} // namespace jobq
