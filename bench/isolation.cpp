#include <atomic>
#include <latch>
#include <memory>
#include <utility>
#include <vector>

#include "bench/closed_loop.hpp"
#include "bench/measurement.hpp"
#include "bench/rig.hpp"
#include "bench/spawn.hpp"
#include "extensions/host/process_executor.hpp"
#include "extensions/registry.hpp"
#include "tools/host_setup.hpp"

namespace jobq::bench {
namespace {

/// Where the no-op function runs, as an executor.
class hosted final : public executor {
public:
  explicit hosted(const scenario& what)
      : command_{what.where == place::command}, hosts_{options(what)} {
    if (command_) {
      job_definition job;
      job.command = {"/bin/true"};
      plan_.setup = setup_of(job);
    } else {
      plan_.library = JOBQ_BENCH_LIBRARY;
    }
  }

  void start(const run& what, attempt_observer observer) override {
    if (!command_) {
      hosts_.start(what, plan_, std::move(observer));
      return;
    }
    auto other = what;
    other.extension = "command";
    other.function = "exec";
    hosts_.start(other, plan_, std::move(observer));
  }
  void stop(const run_id& id, stop_reason why) override {
    hosts_.stop(id, why);
  }

private:
  static process_executor_options options(const scenario& what) {
    process_executor_options made;
    made.host.program = JOBQ_BENCH_HOST;
    made.max_hosts = what.hosts;
    return made;
  }

  const bool command_;
  execution_plan plan_;
  process_executor hosts_;
};

registry no_op_registry() {
  registry made;
  function_entry entry;
  entry.extension = "bench";
  entry.name = "no_op";
  entry.parameters.emplace_back().name = "payload";
  entry.call = [](job_context&) { return job_result::succeeded(); };
  (void)made.add(std::move(entry));
  return made;
}

/// A closed loop around an executor alone.
class bare_loop {
public:
  bare_loop(executor& subject, const scenario& what, std::uint64_t count)
      : subject_{subject}, what_{what}, count_{count}, submitted_(count),
        finished_(count), left_{static_cast<std::ptrdiff_t>(count)} {}

  result<void> run() {
    for (std::uint32_t i = 0; i < what_.outstanding; ++i)
      start_next();
    left_.wait();
    if (failed_)
      return fail(errc::internal, "a run has failed");
    return {};
  }

  void report(measurement& to) const {
    for (std::uint64_t i = 0; i < count_; ++i)
      to.finished.add(finished_[i] - submitted_[i]);
  }

private:
  void start_next() {
    const auto number = next_++;
    if (number >= count_)
      return;
    const auto made = numbered_run(number, what_.payload);
    submitted_[number] = ticks();
    subject_.start(made, {{}, {}, [this, number](const outcome& came) {
                            finished_[number] = ticks();
                            if (came.kind != outcome_kind::succeeded)
                              failed_ = true;
                            start_next();
                            left_.count_down();
                          }});
  }

  executor& subject_;
  const scenario& what_;
  const std::uint64_t count_;
  std::vector<std::int64_t> submitted_;
  std::vector<std::int64_t> finished_;
  std::atomic<std::uint64_t> next_{0};
  std::atomic<bool> failed_{false};
  std::latch left_;
};

std::uint64_t default_count(const scenario& what) {
  const bool alone = what.outstanding < 8;
  if (what.where == place::command)
    return alone ? 500 : 2'000;
  return alone ? 10'000 : 50'000;
}

/// Runs `load` and notes what it took.
template <class Loop>
result<void> measure_loop(Loop& load, measurement& to) {
  const auto cpu = cpu_time();
  const auto hosts = descendants_cpu_time();
  const auto begun = steady::now();
  if (auto ok = load.run(); !ok)
    return ok;
  to.took = steady::now() - begun;
  to.cpu = cpu_time() - cpu;
  if (to.what.where != place::thread)
    to.hosts_cpu = descendants_cpu_time() - hosts;
  to.resident = resident_bytes();
  load.report(to);
  return {};
}

result<void> with_engine(executor& subject, measurement& to,
                         const std::string& directory) {
  scratch space{directory};
  rig_options options;
  options.directory = space.path();
  options.durability = to.what.durability;
  // As in a server, unless the scenario says otherwise.
  options.workers = to.what.workers > 0 ? to.what.workers : to.what.hosts;
  options.capture = false;
  options.functions = &subject;
  auto target = rig::open(options);
  if (!target)
    return tl::unexpected{target.error()};
  if (auto ok = (*target)->start({}, true); !ok)
    return ok;
  closed_loop load{**target, to.what, to.count};
  auto ok = measure_loop(load, to);
  (*target)->engine->stop();
  return ok;
}

} // namespace

result<measurement> isolation(const scenario& what,
                              const std::string& directory) {
  const auto functions = no_op_registry();
  std::unique_ptr<executor> subject;
  if (what.where == place::thread)
    subject = make_thread_executor(functions, what.hosts);
  else
    subject = std::make_unique<hosted>(what);
  // Hosts that have worked are what is measured, not their start.
  auto warm_up = what;
  warm_up.outstanding = what.hosts;
  if (auto ok = bare_loop{*subject, warm_up, 50 * what.hosts}.run(); !ok)
    return tl::unexpected{ok.error()};
  measurement made;
  made.what = what;
  made.count = what.count > 0 ? what.count : default_count(what);
  if (what.where == place::executor) {
    bare_loop load{*subject, what, made.count};
    if (auto ok = measure_loop(load, made); !ok)
      return tl::unexpected{ok.error()};
  } else if (auto ok = with_engine(*subject, made, directory); !ok) {
    return tl::unexpected{ok.error()};
  }
  auto spawned = spawn_programs(what.hosts, 250);
  if (!spawned)
    return tl::unexpected{spawned.error()};
  made.spawned = *spawned;
  return made;
}

} // namespace jobq::bench
