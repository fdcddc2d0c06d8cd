// An engine whose jobs have each isolation there is.
#include "extensions/host/routing_executor.hpp"

#include <unistd.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

#include <gtest/gtest.h>

#include "actors/engine.hpp"
#include "queue/committer.hpp"
#include "queue/rocksdb_store.hpp"
#include "tests/tools/temp_dir.hpp"

namespace jobq {
namespace {

/// Functions that are called in this process. Each place has its own, which
/// answer its name.
class place {
public:
  explicit place(const std::string& name) {
    add("work", [name](job_context&) {
      auto result = job_result::succeeded(name);
      result.counters["pid"] = ::getpid();
      return result;
    });
    add("throw_it", [name](job_context&) -> outcome {
      throw std::runtime_error{"thrown " + name};
    });
    add("throw_a_number", [](job_context&) -> outcome { throw 42; });
    add("obey", [](job_context& context) {
      context.log(log_level::info, "begun");
      while (!context.stop_requested())
        std::this_thread::yield();
      return job_result::stopped("obeyed");
    });
  }

  const registry& functions() const { return functions_; }

private:
  void add(const char* name, job_function call) {
    function_entry entry;
    entry.extension = "here";
    entry.name = name;
    entry.call = std::move(call);
    EXPECT_TRUE(functions_.add(std::move(entry)));
  }

  registry functions_;
};

class routing : public testing::Test {
protected:
  routing() {
    for (const auto where : {isolation::in_line, isolation::thread})
      for (const auto* function : {"work", "throw_it", "throw_a_number"})
        add(where, "here", function);
    add(isolation::thread, "here", "obey");
    for (const auto* function :
         {"look_around", "throw_it", "throw_a_number", "abort", "obey"})
      add(isolation::process, "hostile", function);
    job_definition lost;
    lost.name = "lost";
    lost.extension = "here";
    lost.function = "work";
    lost.max_attempts = 3;
    config_.jobs.push_back(lost);
    start();
  }

  ~routing() override {
    engine_.reset();
    commits_.reset();
  }

  /// The run of a job, `inline.work`, once it has ended.
  run result_of(const std::string& job) {
    const auto made = engine_->run_now(job, {}, trigger::manual);
    if (!made) {
      ADD_FAILURE() << made.error().message;
      return {};
    }
    return ended(made->id);
  }

  run ended(const run_id& id) {
    auto feed = engine_->subscribe(0);
    for (;;) {
      const auto fresh = feed->next(seconds{20});
      if (!fresh || fresh->empty())
        break;
      for (const auto& one : *fresh)
        if (one.run->id == id)
          return *one.run;
    }
    ADD_FAILURE() << "run " << id.to_string() << " did not end";
    return {};
  }

  /// Until its function has said so.
  void wait_until_begun(const run_id& id) {
    for (int looks = 0; looks < 4000; ++looks) {
      const auto seen = engine_->live().look(id);
      if (seen && seen->log.find("begun") != std::string::npos)
        return;
      std::this_thread::sleep_for(milliseconds{5});
    }
    ADD_FAILURE() << "it never began";
  }

  outcome outcome_of(const std::string& job) {
    const auto ended = result_of(job);
    if (ended.attempts.size() == 1)
      return ended.attempts[0].outcome;
    ADD_FAILURE() << ended.attempts.size() << " attempts";
    return {};
  }

  std::unique_ptr<engine> engine_;

private:
  void add(isolation where, const std::string& extension,
           const std::string& function) {
    job_definition job;
    for (const auto& [each, word] : isolation_words)
      if (each == where)
        job.name = std::string{word} + "." + function;
    job.isolation = where;
    job.max_crashes = 1;
    job.extension = extension;
    job.function = function;
    config_.jobs.push_back(std::move(job));
  }

  static process_executor_options host_settings() {
    process_executor_options made;
    made.host.program = JOBQ_BIN_DIR "/jobq-host";
    made.max_hosts = 2;
    return made;
  }

  result<route> route_of(const run& what) const {
    for (const auto& job : config_.jobs)
      if (job.name == what.job && job.name != "lost")
        return route{job.isolation,
                     {JOBQ_TEST_LIBRARIES "/libhostile.so", 0, job.limits, {}}};
    return fail(errc::not_found, "no way to " + what.job);
  }

  void start() {
    rocksdb_options where;
    where.directory = directory_.path() / "store";
    auto opened = open_rocksdb_store(where, system_time()());
    ASSERT_TRUE(opened) << opened.error().message;
    store_ = std::move(opened->store);
    commits_ = make_committer(*store_);
    auto started = engine::start(
        config_, {},
        {*store_, *commits_, executor_, [](log_level, std::string_view) {},
         [](const job_definition&) { return std::string{}; }, system_time()});
    ASSERT_TRUE(started) << started.error().message;
    engine_ = std::move(*started);
  }

  test::temp_dir directory_;
  configuration config_;
  const place inline_place_{"in line"};
  const place thread_place_{"on a thread"};
  const std::unique_ptr<executor> inline_
      = make_inline_executor(inline_place_.functions());
  const std::unique_ptr<executor> threads_
      = make_thread_executor(thread_place_.functions(), 2);
  process_executor hosts_{host_settings()};
  routing_executor executor_{[this](const run& what) { return route_of(what); },
                             *threads_, *inline_, hosts_};
  std::unique_ptr<store> store_;
  std::unique_ptr<commit_queue> commits_;
};

TEST_F(routing, each_isolation_ends_with_the_result_of_its_place) {
  const auto in_line = outcome_of("inline.work");
  EXPECT_EQ(in_line.kind, outcome_kind::succeeded) << in_line.error;
  EXPECT_EQ(in_line.message, "in line");
  EXPECT_EQ(in_line.counters.at("pid"), ::getpid());
  const auto thread = outcome_of("thread.work");
  EXPECT_EQ(thread.kind, outcome_kind::succeeded) << thread.error;
  EXPECT_EQ(thread.message, "on a thread");
  EXPECT_EQ(thread.counters.at("pid"), ::getpid());
  const auto process = outcome_of("process.look_around");
  EXPECT_EQ(process.kind, outcome_kind::succeeded) << process.error;
  EXPECT_EQ(process.message, "looked");
  EXPECT_NE(process.counters.at("pid"), ::getpid());
}

TEST_F(routing, an_exception_is_a_failure_in_each_isolation) {
  const std::pair<const char*, const char*> cases[]
      = {{"inline.throw_it", "thrown in line"},
         {"inline.throw_a_number", "unknown exception"},
         {"thread.throw_it", "thrown on a thread"},
         {"thread.throw_a_number", "unknown exception"},
         {"process.throw_it", "thrown on purpose"},
         {"process.throw_a_number", "unknown exception"}};
  for (const auto& [job, error] : cases) {
    const auto result = outcome_of(job);
    EXPECT_EQ(result.kind, outcome_kind::failed) << job;
    EXPECT_EQ(result.error, error) << job;
  }
  for (const auto* job : {"inline.work", "thread.work", "process.look_around"})
    EXPECT_EQ(outcome_of(job).kind, outcome_kind::succeeded) << job;
}

TEST_F(routing, a_crash_is_contained_in_a_process) {
  EXPECT_EQ(outcome_of("process.abort").kind, outcome_kind::crashed);
  EXPECT_EQ(outcome_of("inline.work").kind, outcome_kind::succeeded);
}

TEST_F(routing, a_stop_reaches_whoever_has_the_run) {
  for (const auto* job : {"thread.obey", "process.obey"}) {
    const auto made = engine_->run_now(job, {}, trigger::manual);
    ASSERT_TRUE(made) << made.error().message;
    wait_until_begun(made->id);
    ASSERT_TRUE(
        engine_->perform(command::cancel{made->id, "enough", system_time()()}));
    const auto stopped = ended(made->id);
    EXPECT_EQ(stopped.state, run_state::cancelled) << job;
    ASSERT_EQ(stopped.attempts.size(), 1U);
    EXPECT_EQ(stopped.attempts[0].outcome.message, "obeyed") << job;
  }
}

TEST_F(routing, a_run_without_a_route_fails_for_good) {
  const auto ended = result_of("lost");
  EXPECT_EQ(ended.state, run_state::discarded);
  ASSERT_EQ(ended.attempts.size(), 1U);
  EXPECT_EQ(ended.attempts[0].outcome.error, "no way to lost");
}

} // namespace
} // namespace jobq
