#include "actors/actor_scheduler.hpp"

#include <chrono>
#include <future>

#include <caf/actor_system.hpp>
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

} // namespace
} // namespace jobq
