#include "actors/actor_scheduler.hpp"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <thread>

#include <caf/actor_system.hpp>
#include <caf/policy/work_sharing.hpp>
#include <caf/scheduler/coordinator.hpp>

namespace jobq {
namespace {

using caf_clock = caf::detail::thread_safe_actor_clock;

/// Goes to look for an actor's timeouts only once anybody has set one.
class lean_clock final : public caf_clock {
public:
  void set_ordinary_timeout(time_point at, caf::abstract_actor* self,
                            caf::atom_value type, std::uint64_t id) override {
    any_ = true;
    caf_clock::set_ordinary_timeout(at, self, type, id);
  }

  void set_multi_timeout(time_point at, caf::abstract_actor* self,
                         caf::atom_value type, std::uint64_t id) override {
    any_ = true;
    caf_clock::set_multi_timeout(at, self, type, id);
  }

  void set_request_timeout(time_point at, caf::abstract_actor* self,
                           caf::message_id id) override {
    any_ = true;
    caf_clock::set_request_timeout(at, self, id);
  }

  void cancel_timeouts(caf::abstract_actor* self) override {
    if (any_)
      caf_clock::cancel_timeouts(self);
  }

private:
  std::atomic<bool> any_ = false;
};

/// The base's own clock can't be replaced: it stays, and its thread sleeps.
class actor_scheduler final
    : public caf::scheduler::coordinator<caf::policy::work_sharing> {
  using base = caf::scheduler::coordinator<caf::policy::work_sharing>;

public:
  using base::base;

  static caf::actor_system::module* make(caf::actor_system& system,
                                         caf::detail::type_list<>) {
    return new actor_scheduler(system);
  }

  caf_clock& clock() noexcept override { return clock_; }

protected:
  void start() override {
    thread_ = std::thread{[this] {
      caf::detail::set_thread_name("jobq.clock");
      clock_.run_dispatch_loop();
    }};
    base::start();
  }

  void stop() override {
    base::stop();
    clock_.cancel_dispatch_loop();
    thread_.join();
  }

private:
  lean_clock clock_;
  std::thread thread_;
};

} // namespace

void use_actor_scheduler(caf::actor_system_config& config) {
  config.load<actor_scheduler>();
  config.set("scheduler.max-threads",
             std::max<std::size_t>(2, std::thread::hardware_concurrency()));
  config.set("scheduler.max-throughput", std::size_t{300});
}

} // namespace jobq
