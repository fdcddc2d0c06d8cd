#include <atomic>
#include <memory>
#include <semaphore>
#include <thread>
#include <utility>

#include "bench/rig.hpp"
#include "bench/target.hpp"
#include "queue/producer.hpp"

namespace jobq::bench {
namespace {

constexpr std::uint32_t payload = 100;
constexpr std::uint32_t workers = 1'024;
constexpr milliseconds look_every{2};

class inprocess_target final : public target {
public:
  explicit inprocess_target(std::unique_ptr<rig> made)
      : rig_{std::move(made)} {}

  result<progress> enqueue(const producing& how, const bounds& until) override {
    if (auto ok = start(0); !ok)
      return tl::unexpected{ok.error()};
    // Shared: the last answer may still be at it when it has been counted.
    struct state {
      explicit state(std::ptrdiff_t in_flight) : room{in_flight} {}
      std::counting_semaphore<> room;
      std::atomic<std::uint64_t> acknowledged{0};
      std::atomic<bool> refused{false};
    };
    const auto now = std::make_shared<state>(how.in_flight);
    producer source{[this](any_command what, commit_callback done) {
      rig_->engine->submit(std::move(what), std::move(done));
    }};
    const auto last = next_ + until.runs;
    const auto begun = steady::now();
    while (next_ < last && !now->refused && !until.over()) {
      now->room.acquire();
      std::vector<run> runs;
      const auto size = std::min<std::uint64_t>(how.batch, last - next_);
      for (std::uint64_t i = 0; i < size; ++i)
        runs.push_back(numbered_run(next_++, payload));
      source.enqueue(std::move(runs), [now, size](const result<reply>& came) {
        if (came)
          now->acknowledged += size;
        else
          now->refused = true;
        now->room.release();
      });
    }
    for (std::uint32_t i = 0; i < how.in_flight; ++i)
      now->room.acquire();
    if (now->refused)
      return fail(errc::internal, "an enqueue was refused");
    return progress{now->acknowledged, steady::now() - begun};
  }

  result<progress> execute(const bounds& until) override {
    const auto before = completed();
    if (!before)
      return tl::unexpected{before.error()};
    rig_->engine.reset();
    const auto begun = steady::now();
    if (auto ok = start(workers); !ok)
      return tl::unexpected{ok.error()};
    progress made;
    while (made.runs < until.runs && !until.over()) {
      std::this_thread::sleep_for(look_every);
      const auto now = completed();
      if (!now)
        return tl::unexpected{now.error()};
      made = {*now - *before, steady::now() - begun};
    }
    return made;
  }

  result<latencies> start_latencies(const bounds& until) override {
    std::vector<std::int64_t> started(until.runs);
    rig_->functions.started = &started;
    if (auto ok = start(workers); !ok)
      return tl::unexpected{ok.error()};
    auto feed = rig_->engine->subscribe(0);
    latencies all;
    result<void> ended;
    while (ended && next_ < until.runs && !until.over()) {
      std::this_thread::sleep_for(look_every);
      const auto number = next_++;
      const auto submitted = steady::now();
      rig_->engine->submit(command::enqueue{{numbered_run(number, payload)}},
                           [](const result<reply>&) {});
      const auto came = feed->next(seconds{5});
      if (!came || came->empty())
        ended = fail(errc::internal, "a run was refused or did not end");
      else
        all.add(started[number] - submitted.time_since_epoch().count());
    }
    rig_->engine->stop(); // nothing writes to `started` from here on
    if (!ended)
      return tl::unexpected{ended.error()};
    return all;
  }

  std::uint64_t resident() const override { return resident_bytes(); }

  std::string note() const override {
    return "in process, with the producer; 100 bytes of parameters";
  }

  std::string execution() const override {
    return "functions that do nothing, " + std::to_string(workers)
           + " at a time";
  }

private:
  /// @param at_a_time 0: nothing is claimed
  result<void> start(std::uint32_t at_a_time) {
    if (rig_->engine)
      return {};
    rig_->options.workers = at_a_time;
    return rig_->start({}, true);
  }

  result<std::uint64_t> completed() const {
    const auto now = rig_->store->statistics();
    if (!now)
      return tl::unexpected{now.error()};
    return now->last_sequence;
  }

  std::unique_ptr<rig> rig_;
  std::uint64_t next_ = 0;
};

} // namespace

result<std::unique_ptr<target>> open_inprocess(const target_options& options) {
  rig_options how;
  how.directory = options.directory;
  how.durability = options.durability;
  how.capture = false;
  auto made = rig::open(how);
  if (!made)
    return tl::unexpected{made.error()};
  return std::make_unique<inprocess_target>(std::move(*made));
}

} // namespace jobq::bench
