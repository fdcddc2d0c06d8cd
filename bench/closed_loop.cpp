#include "bench/closed_loop.hpp"

#include <thread>

#include "bench/progress_bar.hpp"

namespace jobq::bench {

std::uint64_t default_cycles(const scenario& what) {
  if (what.outstanding >= 1'000)
    return 200'000;
  const bool sync = what.durability == durability::sync;
  return what.outstanding >= 8 ? (sync ? 50'000 : 100'000)
                               : (sync ? 3'000 : 20'000);
}

closed_loop::closed_loop(rig& target, const scenario& what, std::uint64_t count)
    : rig_{target}, what_{what}, count_{count}, submitted_(count),
      acknowledged_(count), started_(count), finished_(count) {
  rig_.functions.started = &started_;
}

result<void> closed_loop::run() {
  auto feed = rig_.engine->subscribe(0, 2 * what_.outstanding + 1'024);
  feed->next(milliseconds{0});
  if (what_.producers == 1)
    return run_alone(*feed);
  std::vector<std::thread> producers;
  room_.release(what_.outstanding);
  for (std::uint32_t i = 0; i < what_.producers; ++i)
    producers.emplace_back([this] { produce(); });
  auto ended = await_all(*feed, [this] { room_.release(); });
  if (!ended)
    room_.release(static_cast<std::ptrdiff_t>(count_));
  for (auto& one : producers)
    one.join();
  return ended;
}

void closed_loop::report(measurement& to) const {
  for (std::uint64_t i = 0; i < count_; ++i) {
    if (acknowledged_[i] != 0)
      to.acknowledged.add(acknowledged_[i] - submitted_[i]);
    if (finished_[i] == 0) // behind those that waited before
      continue;
    if (started_[i] != 0)
      to.started.add(started_[i] - submitted_[i]);
    to.finished.add(finished_[i] - submitted_[i]);
    if (acknowledged_[i] != 0)
      to.durable.add(finished_[i] - acknowledged_[i]);
  }
}

/// One thread that both submits and hears of the ends.
result<void> closed_loop::run_alone(completion_feed& feed) {
  for (std::uint32_t i = 0; i < what_.outstanding; ++i)
    submit_next();
  return await_all(feed, [this] { submit_next(); });
}

void closed_loop::produce() {
  do
    room_.acquire();
  while (submit_next());
}

bool closed_loop::submit_next() {
  const auto number = next_++;
  if (number >= count_)
    return false;
  command::enqueue what;
  what.runs.push_back(numbered_run(number, what_.payload));
  submitted_[number] = ticks();
  rig_.engine->submit(std::move(what),
                      [this, number](const result<reply>& came) {
                        acknowledged_[number] = ticks();
                        if (!came)
                          failed_ = true;
                      });
  return true;
}

template <class Ended>
result<void> closed_loop::await_all(completion_feed& feed, Ended ended) {
  measured().total = count_;
  for (std::uint64_t seen = 0; seen < count_;) {
    auto fresh = feed.next(seconds{10});
    if (!fresh)
      return tl::unexpected{fresh.error()};
    if (fresh->empty() || failed_)
      return fail(errc::internal, "a run was refused or did not end");
    const auto now = ticks();
    for (const auto& one : *fresh) {
      const auto number = number_of(one.run->id);
      if (number < count_) // not one that waited before the measurement
        finished_[number] = now;
      measured().done = ++seen;
      ended();
    }
  }
  return {};
}

} // namespace jobq::bench
