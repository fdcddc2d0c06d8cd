#include "actors/engine.hpp"

#include <atomic>
#include <chrono>
#include <filesystem>
#include <future>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <stdlib.h>

#include "extensions/registry.hpp"
#include "jobs/due.hpp"
#include "queue/rocksdb_store.hpp"

namespace jobq {
namespace {

/// The engine on real threads and a real store; nothing here depends on how
/// long anything takes.
class engine_on_threads : public testing::Test {
protected:
  engine_on_threads() {
    auto pattern
        = (std::filesystem::temp_directory_path() / "jobq-engine-XXXXXX")
              .string();
    directory_ = ::mkdtemp(pattern.data());
    add("ok", [](job_context& context) {
      context.log(log_level::info, "working");
      context.progress(1, "done");
      auto result = job_result::succeeded("did it");
      result.items_processed = 7;
      return result;
    });
    add("throws",
        [](job_context&) -> outcome { throw std::runtime_error{"boom"}; });
    add("waits", [](job_context& context) {
      while (!context.stop_requested())
        std::this_thread::yield();
      return job_result::stopped();
    });
    functions_ = make_thread_executor(registry_, 4);
    config_.workers = 4;
    for (const char* name : {"ok", "throws", "waits", "missing"}) {
      job_definition job;
      job.name = job.function = name;
      job.extension = "test";
      config_.jobs.push_back(job);
    }
    open();
  }

  ~engine_on_threads() override {
    engine_.reset();
    commits_.reset();
    store_.reset();
    std::filesystem::remove_all(directory_);
  }

  void add(const char* name, job_function call) {
    function_entry entry;
    entry.extension = "test";
    entry.name = name;
    entry.call = std::move(call);
    parameter_spec parameter;
    parameter.name = "k";
    entry.parameters.push_back(std::move(parameter));
    ASSERT_TRUE(registry_.add(std::move(entry)));
  }

  void open() {
    rocksdb_options options;
    options.directory = directory_ / "store";
    auto opened = open_rocksdb_store(options, system_time()());
    ASSERT_TRUE(opened) << opened.error().message;
    store_ = std::move(opened->store);
    commits_ = make_committer(*store_);
  }

  void start() { start(*commits_); }

  void start(commit_queue& commits) {
    engine_options options;
    options.stop_grace = milliseconds{50};
    engine_parts parts{*store_,
                       commits,
                       *functions_,
                       log_,
                       [this](const job_definition& job) {
                         return registry_.why_not_runnable(job);
                       },
                       system_time()};
    auto started = engine::start(config_, options, std::move(parts));
    ASSERT_TRUE(started) << started.error().message;
    engine_ = std::move(*started);
  }

  /// Passes on what a test has nothing to say to.
  class forwarding : public commit_queue {
  public:
    explicit forwarding(commit_queue& real) : real_{real} {}
    void submit(any_command what, commit_callback done) override {
      real_.submit(std::move(what), std::move(done));
    }
    void claim_for(claimer who) override { real_.claim_for(std::move(who)); }
    void want(std::uint32_t runs) override { real_.want(runs); }
    void stop_claiming(commit_callback done) override {
      real_.stop_claiming(std::move(done));
    }
    void on_pulse(pulse_callback callback) override {
      real_.on_pulse(std::move(callback));
    }

  private:
    commit_queue& real_;
  };

  /// Refuses to record what an attempt came to.
  class unwilling : public forwarding {
  public:
    using forwarding::forwarding;
    void submit(any_command what, commit_callback done) override {
      if (std::holds_alternative<command::finish>(what))
        done(fail(errc::busy, "not now"));
      else
        forwarding::submit(std::move(what), std::move(done));
    }
  };

  /// Has too much to take new work, and does not come to a cancel before
  /// something is handed in behind it that moves nothing.
  class overfull : public forwarding {
  public:
    using forwarding::forwarding;
    void submit(any_command what, commit_callback done) override {
      if (std::holds_alternative<command::enqueue>(what)) {
        done(fail(errc::busy, "too much waits"));
      } else if (std::holds_alternative<command::cancel>(what)) {
        held_.emplace_back(std::move(what), std::move(done));
      } else {
        const auto* promote = std::get_if<command::promote>(&what);
        if (promote != nullptr && promote->limit == 0)
          for (auto& [command, callback] : std::exchange(held_, {}))
            forwarding::submit(std::move(command), std::move(callback));
        forwarding::submit(std::move(what), std::move(done));
      }
    }

  private:
    std::vector<std::pair<any_command, commit_callback>> held_;
  };

  /// The history dies of the log when an end is refused, and the supervisor
  /// when it says so.
  void start_with_a_supervisor_that_dies(commit_queue& commits) {
    log_ = [](log_level, std::string_view line) {
      if (line.ends_with("not now") || line == "history is restarted")
        throw std::runtime_error{"no way to say it"};
    };
    start(commits);
  }

  run await(const run_id& id) {
    auto feed = engine_->subscribe(0);
    for (;;) {
      auto fresh = feed->next(seconds{10});
      if (!fresh || fresh->empty())
        break;
      for (const auto& one : *fresh)
        if (one.run->id == id)
          return *one.run;
    }
    ADD_FAILURE() << "run " << id.to_string() << " did not end";
    return {};
  }

  /// `drain` itself waits for a second at most.
  void wait_until_drained() const {
    const auto deadline = std::chrono::steady_clock::now() + seconds{20};
    while (!engine_->drained() && std::chrono::steady_clock::now() < deadline)
      std::this_thread::sleep_for(milliseconds{1});
    EXPECT_TRUE(engine_->drained());
  }

  std::filesystem::path directory_;
  registry registry_;
  configuration config_;
  logger log_ = [](log_level, std::string_view) {};
  std::unique_ptr<executor> functions_;
  std::unique_ptr<store> store_;
  std::unique_ptr<commit_queue> commits_;
  std::unique_ptr<engine> engine_;
};

TEST_F(engine_on_threads, what_is_enqueued_after_a_drain_is_not_started) {
  start();
  ASSERT_TRUE(engine_->run_now("ok", {}, trigger::manual));
  engine_->drain();
  wait_until_drained();
  for (int i = 0; i < 20; ++i) {
    const auto late = engine_->run_now("ok", {}, trigger::manual);
    ASSERT_TRUE(late) << late.error().message;
    const auto seen = store_->find_run(late->id);
    ASSERT_TRUE(seen);
    EXPECT_EQ(seen->state, run_state::available);
  }
}

TEST_F(engine_on_threads, runs_a_job_by_hand_and_keeps_what_it_said) {
  start();
  auto made = engine_->run_now("ok", {{"k", "v"}}, trigger::manual);
  ASSERT_TRUE(made) << made.error().message;
  auto done = await(made->id);
  EXPECT_EQ(done.state, run_state::completed);
  EXPECT_EQ(done.parameters.at("k"), "v");
  ASSERT_EQ(done.attempts.size(), 1U);
  EXPECT_EQ(done.attempts[0].outcome.items_processed, 7U);
  EXPECT_EQ(done.attempts[0].outcome.message, "did it");
  auto log = store_->read_log(made->id, 1);
  ASSERT_TRUE(log);
  EXPECT_NE(log->find("working"), std::string::npos);
}

TEST_F(engine_on_threads, an_exception_is_one_failed_attempt) {
  start();
  auto made = engine_->run_now("throws", {}, trigger::manual);
  ASSERT_TRUE(made);
  auto done = await(made->id);
  EXPECT_EQ(done.state, run_state::discarded);
  EXPECT_NE(done.attempts.at(0).outcome.error.find("boom"), std::string::npos);
  auto fine = engine_->run_now("ok", {}, trigger::manual);
  ASSERT_TRUE(fine);
  EXPECT_EQ(await(fine->id).state, run_state::completed);
}

TEST_F(engine_on_threads, refuses_unknown_jobs_and_those_that_cannot_run) {
  start();
  auto unknown = engine_->run_now("okk", {}, trigger::manual);
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code, errc::not_found);
  EXPECT_NE(unknown.error().message.find("did you mean"), std::string::npos);
  auto missing = engine_->run_now("missing", {}, trigger::manual);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, errc::unsupported);
  EXPECT_FALSE(engine_->set_enabled("nobody", true, "ann", ""));
}

TEST_F(engine_on_threads, cancelling_ends_a_running_attempt) {
  start();
  auto made = engine_->run_now("waits", {}, trigger::manual);
  ASSERT_TRUE(made);
  while (!engine_->live().look(made->id))
    std::this_thread::yield();
  auto came = engine_->perform(
      command::cancel{made->id, "cancelled by ann", system_time()()});
  ASSERT_TRUE(came);
  auto done = await(made->id);
  EXPECT_EQ(done.state, run_state::cancelled);
  EXPECT_EQ(done.reason, "cancelled by ann");
}

TEST_F(engine_on_threads, stopping_gives_running_attempts_back) {
  start();
  auto made = engine_->run_now("waits", {}, trigger::manual);
  ASSERT_TRUE(made);
  while (!engine_->live().look(made->id))
    std::this_thread::yield();
  engine_->stop();
  engine_->stop();
  auto seen = store_->find_run(made->id);
  ASSERT_TRUE(seen);
  EXPECT_EQ(seen->state, run_state::available);
  EXPECT_EQ(seen->attempts.at(0).outcome.kind, outcome_kind::interrupted);
}

TEST_F(engine_on_threads, a_stopped_engine_refuses_instead_of_hanging) {
  start();
  engine_->stop();
  auto made = engine_->run_now("ok", {}, trigger::manual);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, errc::unavailable);
  EXPECT_FALSE(engine_->set_enabled("ok", false, "ann", ""));
  EXPECT_FALSE(engine_->reload(config_));
  EXPECT_FALSE(engine_->subscribe(0)->next(seconds{1}));
}

TEST_F(engine_on_threads, ends_after_its_last_callback_however_much_waits) {
  overfull commits{*commits_};
  start(commits);
  std::atomic<bool> answered = false;
  engine_->submit(command::cancel{},
                  [&](const result<reply>&) { answered = true; });
  engine_.reset();
  EXPECT_TRUE(answered);
}

TEST_F(engine_on_threads, an_engine_whose_supervisor_died_says_so_and_ends) {
  unwilling commits{*commits_};
  start_with_a_supervisor_that_dies(commits);
  std::promise<std::string> told;
  engine_->on_failure([&told](std::string why) { told.set_value(why); });
  const auto made = engine_->run_now("ok", {}, trigger::manual);
  ASSERT_TRUE(made);
  auto why = told.get_future().get();
  EXPECT_NE(why.find("the supervisor died"), std::string::npos) << why;
  EXPECT_EQ(engine_->status().failure, why);
  auto refused = engine_->set_enabled("ok", false, "ann", "");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, errc::unavailable);
  engine_->stop();
  EXPECT_EQ(store_->find_run(made->id)->state, run_state::running);
  engine_.reset(); // its queue goes first
}

TEST_F(engine_on_threads, who_asks_late_is_told_of_a_failure_too) {
  unwilling commits{*commits_};
  start_with_a_supervisor_that_dies(commits);
  ASSERT_TRUE(engine_->run_now("ok", {}, trigger::manual));
  std::atomic<int> told{0};
  while (engine_->status().failure.empty())
    std::this_thread::yield();
  engine_->on_failure([&told](const std::string&) { ++told; });
  engine_->stop();
  EXPECT_EQ(told, 1);
  engine_.reset(); // its queue goes first
}

TEST_F(engine_on_threads, another_thread_than_the_starting_one_may_end_it) {
  start();
  ASSERT_TRUE(engine_->run_now("ok", {}, trigger::manual));
  std::thread{[this] { engine_.reset(); }}.join();
  start();
  EXPECT_TRUE(engine_->run_now("ok", {}, trigger::manual));
}

TEST_F(engine_on_threads, does_not_wait_for_itself) {
  start();
  std::promise<std::vector<result<void>>> came;
  command::enqueue many; // answered by another thread than a few are
  for (int i = 0; i < 100; ++i)
    many.runs.push_back(make_run(config_.jobs.front(), trigger::api,
                                 run_id::random(system_time()()),
                                 system_time()()));
  engine_->submit(std::move(many), [&](const result<reply>&) {
    std::vector<result<void>> all;
    const auto note = [&](auto one) {
      all.push_back(one ? result<void>{}
                        : result<void>{tl::unexpect, one.error()});
    };
    note(engine_->run_now("ok", {}, trigger::manual));
    note(engine_->perform(command::promote{}));
    note(engine_->set_enabled("ok", false, "me", ""));
    came.set_value(all);
  });
  for (const auto& one : came.get_future().get()) {
    ASSERT_FALSE(one);
    EXPECT_EQ(one.error().code, errc::unsupported);
    EXPECT_NE(one.error().message.find("submit"), std::string::npos);
  }
  EXPECT_TRUE(engine_->run_now("ok", {}, trigger::manual));
}

TEST_F(engine_on_threads, bootstrap_jobs_run_at_start) {
  config_.bootstrap_jobs = {"ok"};
  start();
  auto feed = engine_->subscribe(0);
  auto fresh = feed->next(seconds{10});
  ASSERT_TRUE(fresh && fresh->size() == 1);
  EXPECT_EQ(fresh->front().run->trigger, trigger::bootstrap);
}

TEST_F(engine_on_threads, many_producers_are_all_served) {
  start();
  std::vector<std::thread> producers;
  std::atomic<int> accepted{0};
  for (int i = 0; i < 8; ++i)
    producers.emplace_back([&] {
      for (int n = 0; n < 50; ++n)
        if (engine_->run_now("ok", {}, trigger::api))
          ++accepted;
    });
  for (auto& one : producers)
    one.join();
  EXPECT_EQ(accepted, 400);
  auto feed = engine_->subscribe(0);
  std::size_t ended = 0;
  while (ended < 400) {
    auto fresh = feed->next(seconds{10});
    ASSERT_TRUE(fresh && !fresh->empty());
    ended += fresh->size();
  }
}

TEST_F(engine_on_threads, status_tells_what_is_going_on) {
  start();
  auto seen = engine_->status();
  EXPECT_EQ(seen.workers, 4U);
  EXPECT_EQ(seen.jobs, 4U);
  EXPECT_TRUE(seen.ticking);
  EXPECT_EQ(seen.failure, "");
  EXPECT_FALSE(seen.instance.empty());
}

TEST_F(engine_on_threads, next_run_is_there_only_while_the_job_is_active) {
  config_.jobs[0].schedule_text = "0 0 3 * * *";
  config_.jobs[0].schedule = cron_schedule::parse("0 0 3 * * *").value();
  start();
  EXPECT_TRUE(engine_->next_run(config_.jobs[0]));
  EXPECT_FALSE(engine_->next_run(config_.jobs[1]));
  ASSERT_TRUE(engine_->set_enabled("ok", false, "ann", "test"));
  EXPECT_FALSE(engine_->next_run(config_.jobs[0]));
  ASSERT_TRUE(engine_->set_enabled("ok", true, "ann", ""));
  EXPECT_TRUE(engine_->next_run(config_.jobs[0]));
}

} // namespace
} // namespace jobq
