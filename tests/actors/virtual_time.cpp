#include "tests/actors/virtual_time.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include <stdlib.h>

namespace jobq {

void scripted_executor::start(const run& what, attempt_observer observer) {
  started.push_back(what);
  if (broken_jobs.contains(what.job))
    throw std::runtime_error{"no thread to be had"};
  if (held_jobs.contains(what.job)) {
    held.emplace(what.id, std::move(observer));
    return;
  }
  auto script = scripts.find(what.job);
  observer.done(script == scripts.end() ? outcome{} : script->second(what));
}

void scripted_executor::stop(const run_id& id, stop_reason why) {
  stopped.emplace_back(id, why);
  if (!obedient)
    return;
  outcome result;
  result.kind = why == stop_reason::timeout    ? outcome_kind::timed_out
                : why == stop_reason::shutdown ? outcome_kind::interrupted
                                               : outcome_kind::cancelled;
  end(id, result);
}

void scripted_executor::end(const run_id& id, const outcome& result) {
  auto found = held.find(id);
  if (found == held.end())
    return;
  auto observer = std::move(found->second);
  held.erase(found);
  observer.done(result);
}

breakable_committer::breakable_committer(store& target)
    : real_{make_immediate_committer(target)} {}

void breakable_committer::submit(any_command what, commit_callback done) {
  const bool fires_ticks = std::holds_alternative<command::fire>(what);
  if (fires_ticks && fails.contains(++fires))
    done(fail(errc::busy, "disk almost full"));
  else if (fires_ticks && holds)
    held_.emplace_back(std::move(what), std::move(done));
  else if (broken)
    done(tl::unexpected<error>(*broken));
  else
    real_->submit(std::move(what), std::move(done));
}

void breakable_committer::release() {
  holds = false;
  while (!held_.empty()) {
    auto [what, done] = std::move(held_.front());
    held_.pop_front();
    real_->submit(std::move(what), std::move(done));
  }
  holds_claims = false;
  while (!untold_.empty()) {
    const auto tell = std::move(untold_.front());
    untold_.pop_front();
    tell();
  }
}

commit_callback breakable_committer::held_back(commit_callback done) {
  return [this, done = std::move(done)](result<reply> value) {
    if (holds_claims)
      untold_.emplace_back([done, value = std::move(value)] { done(value); });
    else
      done(std::move(value));
  };
}

void breakable_committer::claim_for(claimer who) {
  who_ = who;
  who.claimed = held_back(std::move(who.claimed));
  real_->claim_for(std::move(who));
}

void breakable_committer::want(std::uint32_t runs) {
  if (broken && broken->code == errc::store_failed)
    who_.claimed(tl::unexpected<error>(*broken));
  else
    real_->want(runs);
}

void breakable_committer::stop_claiming(commit_callback done) {
  real_->stop_claiming(held_back(std::move(done)));
}

void breakable_committer::on_pulse(pulse_callback callback) {
  real_->on_pulse(std::move(callback));
}

virtual_time::virtual_time() {
  // 2027-01-15T08:00:00Z
  base_ = time_point{milliseconds{1'800'000'000'000}};
  auto pattern = (std::filesystem::temp_directory_path() / "jobq-actors-XXXXXX")
                     .string();
  if (::mkdtemp(pattern.data()) == nullptr)
    throw std::runtime_error{"no temporary directory"};
  directory_ = pattern;
  settings_.set("scheduler.policy", caf::atom("testing"));
  open();
}

virtual_time::~virtual_time() {
  if (supervisor_)
    halt();
  system_.reset();
  desk_.reset();
  commits_.reset();
  store_.reset();
  std::error_code ignored;
  std::filesystem::remove_all(directory_, ignored);
}

void virtual_time::open() {
  system_ = std::make_unique<caf::actor_system>(settings_);
  scheduler_
      = dynamic_cast<caf::scheduler::test_coordinator*>(&system_->scheduler());
  scheduler_->run();
  rocksdb_options options;
  options.directory = directory_ / "store";
  options.durability = durability::async; // only processes die here
  auto opened = open_rocksdb_store(options, now());
  if (!opened)
    throw std::runtime_error{opened.error().message};
  store_ = std::move(opened->store);
  recovered_ = std::move(opened->recovered);
  commits_ = std::make_unique<breakable_committer>(*store_);
}

time_point virtual_time::now() const {
  auto since = scheduler_->clock().now().time_since_epoch();
  return base_ + skew_ + elapsed_
         + std::chrono::duration_cast<milliseconds>(since);
}

void virtual_time::begin() {
  desk_.reset(); // an old one would take the pulse away when it goes
  desk_ = std::make_shared<commit_desk>(*commits_);
  feeds_ = std::make_shared<feed_hub>(*store_);
  board_ = std::make_shared<live_board>();
  view_ = std::make_shared<supervisor_view>();
  auto time = [this] {
    if (std::exchange(break_clock_, false))
      throw std::runtime_error{"the test broke the clock"};
    return now();
  };
  logger log = [this](log_level, std::string_view line) {
    log_.emplace_back(line);
    if (!break_logger_.empty() && line.find(break_logger_) != line.npos) {
      break_logger_.clear();
      throw std::runtime_error{"the test broke the logger"};
    }
  };
  keeper_
      = spawn_keeper(*system_, {desk_, "test", [this] { return now(); }, log});
  supervisor_parts parts{keeper_,
                         store_.get(),
                         &executor_,
                         board_,
                         feeds_,
                         view_,
                         [this](std::string why) { failure_ = std::move(why); },
                         std::make_shared<const configuration>(config_),
                         options_,
                         why_not_,
                         time,
                         log};
  supervisor_ = spawn_supervisor(*system_, std::move(parts));
  settle();
}

void virtual_time::halt() {
  caf::anon_send(supervisor_, atom::halt_v);
  settle();
  pass(options_.stop_grace + options_.obey_grace + seconds{1});
  supervisor_ = nullptr;
  keeper_ = nullptr;
}

void virtual_time::crash() {
  elapsed_ += std::chrono::duration_cast<milliseconds>(
      scheduler_->clock().now().time_since_epoch());
  // Held attempts die with the process: nobody hears of them.
  executor_.held.clear();
  commits_->broken = error{errc::store_failed, "the process is dead"};
  caf::anon_send_exit(supervisor_, caf::exit_reason::kill);
  caf::anon_send_exit(keeper_, caf::exit_reason::kill);
  supervisor_ = nullptr;
  keeper_ = nullptr;
  pass(std::chrono::minutes{5});
  failure_.reset(); // a dead process tells nobody
  system_.reset();
  desk_.reset();
  commits_.reset();
  store_.reset();
  open();
}

void virtual_time::settle() {
  scheduler_->run();
}

void virtual_time::pass(std::chrono::nanoseconds by) {
  auto& clock = scheduler_->clock();
  auto end = clock.now() + by;
  settle();
  while (!clock.schedule().empty() && clock.schedule().begin()->first <= end) {
    auto at = clock.schedule().begin()->first;
    clock.advance_time(std::max(at - clock.now(), decltype(at - at)::zero()));
    settle();
  }
  clock.advance_time(end - clock.now());
  settle();
}

void virtual_time::release_commits() {
  commits_->release();
  settle();
}

void virtual_time::stand_still(milliseconds by) {
  scheduler_->clock().advance_time(by);
  settle();
}

bool virtual_time::said(std::string_view text) const {
  return std::any_of(log_.begin(), log_.end(), [&](const auto& line) {
    return line.find(text) != std::string::npos;
  });
}

job_definition& virtual_time::add_job(const std::string& name,
                                      const char* schedule) {
  job_definition job;
  job.name = job.function = name;
  job.extension = "test";
  job.schedule_text = schedule;
  if (*schedule != '\0')
    job.schedule = cron_schedule::parse(schedule).value();
  config_.jobs.push_back(std::move(job));
  return config_.jobs.back();
}

result<reply> virtual_time::submit(any_command what) {
  std::optional<result<reply>> came;
  desk_->submit(std::move(what),
                [&came](result<reply> value) { came = std::move(value); });
  settle();
  return came.value();
}

run virtual_time::made_run(const std::string& job) const {
  run what;
  what.id = run_id::random(now());
  what.job = job;
  what.extension = "test";
  what.function = job;
  what.trigger = trigger::manual;
  what.created_at = what.scheduled_at = now();
  for (const auto& one : config_.jobs)
    if (one.name == job) {
      what.max_attempts = one.max_attempts;
      what.max_crashes = one.max_crashes;
      what.timeout = one.timeout;
      what.backoff = one.backoff;
    }
  return what;
}

run virtual_time::enqueue(const std::string& job) {
  auto what = made_run(job);
  EXPECT_TRUE(submit(command::enqueue{{what}}));
  return what;
}

result<job_switch> virtual_time::toggle(const std::string& job, bool enabled) {
  std::optional<result<job_switch>> came;
  switch_order order{
      {job, enabled, "ann", "testing", now()},
      [&came](result<job_switch> value) { came = std::move(value); }};
  caf::anon_send(supervisor_, atom::toggle_v, order);
  settle();
  return came.value();
}

std::vector<completion> virtual_time::history(const std::string& job) const {
  history_filter filter;
  filter.job = job;
  filter.limit = 100'000;
  filter.after_sequence = 0;
  return store_->list_history(filter).value();
}

std::vector<tick> virtual_time::ticks(const std::string& job) const {
  tick_filter filter;
  filter.job = job;
  filter.limit = 100'000;
  return store_->list_ticks(filter).value();
}

std::map<tick_fate, std::uint64_t>
virtual_time::fates(const std::string& job) const {
  std::map<tick_fate, std::uint64_t> counts;
  for (const auto& line : ticks(job))
    counts[line.fate] += line.count;
  return counts;
}

} // namespace jobq
