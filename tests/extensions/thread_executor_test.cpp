#include "extensions/executor.hpp"

#include <atomic>
#include <condition_variable>
#include <future>
#include <mutex>
#include <set>
#include <thread>

#include <gtest/gtest.h>

namespace jobq {

using namespace std::chrono_literals;

namespace {

/// A promise of an outcome, and an observer that keeps it.
struct listener {
  std::promise<outcome> promise;
  std::atomic<int> calls{0};
  std::vector<std::string> lines;
  std::vector<double> fractions;

  attempt_observer observer() {
    return {
        [this](log_level, std::string_view line) { lines.emplace_back(line); },
        [this](double fraction, std::string_view) {
          fractions.push_back(fraction);
        },
        [this](outcome result) {
          ++calls;
          promise.set_value(std::move(result));
        }};
  }

  outcome get() { return promise.get_future().get(); }
};

/// A door that functions wait at.
class gate {
public:
  void open() {
    std::lock_guard lock{mutex_};
    open_ = true;
    changed_.notify_all();
  }
  void wait() {
    std::unique_lock lock{mutex_};
    changed_.wait(lock, [this] { return open_; });
  }

private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = false;
};

class executor_test : public testing::Test {
protected:
  void add(const std::string& name, job_function call) {
    function_entry entry;
    entry.extension = "test";
    entry.name = name;
    entry.call = std::move(call);
    entry.parameters
        = {{"count", parameter_spec::type::integer, "1", "", 0, 9}};
    ASSERT_TRUE(functions_.add(entry));
  }

  static run a_run(const std::string& function) {
    run made;
    made.id = run_id::random(time_point{1s});
    made.job = "job";
    made.extension = "test";
    made.function = function;
    made.attempt = 3;
    return made;
  }

  outcome result_of(const run& what) {
    auto runs = make_thread_executor(functions_, 2);
    listener hears;
    runs->start(what, hears.observer());
    return hears.get();
  }

  registry functions_;
};

outcome until_stopped(job_context& context) {
  while (!context.stop_requested())
    std::this_thread::sleep_for(1ms);
  return job_result::stopped("so far");
}

} // namespace

TEST_F(executor_test, a_function_sees_its_run_and_is_heard) {
  add("look", [](job_context& context) {
    EXPECT_EQ(context.job(), "job");
    EXPECT_EQ(context.attempt(), 3u);
    EXPECT_EQ(context.parameters().at("count"), "2");
    EXPECT_EQ(context.started_at(), time_point{7s});
    EXPECT_EQ(context.deadline(), time_point{9s});
    EXPECT_TRUE(context.enforce());
    EXPECT_FALSE(context.stop_requested());
    context.log(log_level::info, "one");
    context.progress(2.0, "beyond");
    context.progress(0.0 / 0.0, "no number");
    auto result = job_result::succeeded("done");
    result.counters["x"] = 5;
    return result;
  });
  auto what = a_run("look");
  what.parameters = {{"count", "2"}};
  what.started_at = time_point{7s};
  what.timeout = 2s;
  auto runs = make_thread_executor(functions_, 1);
  listener hears;
  runs->start(what, hears.observer());
  auto result = hears.get();
  EXPECT_EQ(result.kind, outcome_kind::succeeded) << result.error;
  EXPECT_EQ(result.message, "done");
  EXPECT_EQ(result.counters.at("x"), 5);
  EXPECT_EQ(hears.lines, std::vector<std::string>{"one"});
  EXPECT_EQ(hears.fractions, std::vector<double>{1.0});
}

TEST_F(executor_test, exceptions_of_all_kinds_are_failures) {
  add("standard", [](job_context&) -> outcome {
    throw std::runtime_error{"disk on fire"};
  });
  add("other", [](job_context&) -> outcome { throw 42; });
  auto result = result_of(a_run("standard"));
  EXPECT_EQ(result.kind, outcome_kind::failed);
  EXPECT_EQ(result.error, "disk on fire");
  EXPECT_TRUE(result.retryable);
  EXPECT_EQ(result_of(a_run("other")).error, "unknown exception");
}

TEST_F(executor_test, what_cannot_be_called_fails_for_good) {
  add("known", [](job_context&) { return job_result::succeeded(); });
  add("elsewhere", {});
  auto unknown = result_of(a_run("knwon"));
  EXPECT_EQ(unknown.error, "extension \"test\" has no function \"knwon\", did "
                           "you mean \"known\"?");
  EXPECT_FALSE(unknown.retryable);
  EXPECT_FALSE(result_of(a_run("elsewhere")).retryable);
  auto wrong = a_run("known");
  wrong.parameters = {{"count", "10"}};
  auto refused = result_of(wrong);
  EXPECT_EQ(refused.error, "parameter \"count\" must be at most 9, not \"10\"");
  EXPECT_FALSE(refused.retryable);
}

TEST_F(executor_test, a_stopped_function_ends_as_the_reason_says) {
  add("patient", until_stopped);
  auto runs = make_thread_executor(functions_, 3);
  for (auto [why, kind] :
       {std::pair{stop_reason::cancel, outcome_kind::cancelled},
        {stop_reason::terminate, outcome_kind::cancelled},
        {stop_reason::timeout, outcome_kind::timed_out},
        {stop_reason::shutdown, outcome_kind::interrupted}}) {
    listener hears;
    auto what = a_run("patient");
    runs->start(what, hears.observer());
    runs->stop(what.id, why);
    auto result = hears.get();
    EXPECT_EQ(result.kind, kind);
  }
  runs->stop(run_id::random(time_point{1s}), stop_reason::cancel);
}

TEST_F(executor_test, a_function_may_succeed_although_it_was_stopped) {
  add("stubborn", [](job_context& context) {
    until_stopped(context);
    return job_result::succeeded("was done anyway");
  });
  add("liar", [](job_context&) { return job_result::stopped(); });
  auto runs = make_thread_executor(functions_, 1);
  listener hears;
  auto what = a_run("stubborn");
  runs->start(what, hears.observer());
  runs->stop(what.id, stop_reason::cancel);
  auto kind = hears.get().kind;
  EXPECT_TRUE(kind == outcome_kind::succeeded
              || kind == outcome_kind::cancelled); // if it had not begun
  EXPECT_EQ(result_of(a_run("liar")).kind, outcome_kind::failed);
}

TEST_F(executor_test, threads_are_bounded_and_used_again) {
  std::mutex mutex;
  std::set<std::thread::id> threads;
  std::atomic<int> now{0};
  std::atomic<int> most{0};
  add("count", [&](job_context&) {
    int here = ++now;
    for (int seen = most;
         here > seen && !most.compare_exchange_weak(seen, here);)
      ;
    {
      std::lock_guard lock{mutex};
      threads.insert(std::this_thread::get_id());
    }
    std::this_thread::sleep_for(100us);
    --now;
    return job_result::succeeded();
  });
  std::vector<listener> hears(500);
  auto runs = make_thread_executor(functions_, 4);
  for (auto& each : hears)
    runs->start(a_run("count"), each.observer());
  for (auto& each : hears)
    EXPECT_EQ(each.get().kind, outcome_kind::succeeded);
  EXPECT_LE(most, 4);
  EXPECT_LE(threads.size(), 4u);
}

TEST_F(executor_test, a_waiting_run_can_be_stopped_before_it_begins) {
  gate door;
  add("wait", [&door](job_context&) {
    door.wait();
    return job_result::succeeded();
  });
  auto runs = make_thread_executor(functions_, 1);
  listener first;
  listener second;
  runs->start(a_run("wait"), first.observer());
  auto waiting = a_run("wait");
  runs->start(waiting, second.observer());
  while (second.calls == 0) { // the first may not have been taken up yet
    runs->stop(waiting.id, stop_reason::cancel);
    std::this_thread::sleep_for(1ms);
  }
  EXPECT_EQ(second.get().kind, outcome_kind::cancelled);
  door.open();
  EXPECT_EQ(first.get().kind, outcome_kind::succeeded);
}

TEST_F(executor_test, a_deaf_function_is_given_up_and_its_place_taken) {
  auto door = std::make_shared<gate>();
  auto left = std::make_shared<std::promise<void>>();
  std::promise<void> begun;
  add("deaf", [door, left, &begun](job_context& context) {
    context.log(log_level::info, "before");
    begun.set_value();
    door->wait();
    context.log(log_level::info, "after");
    left->set_value();
    return job_result::succeeded();
  });
  add("quick", [](job_context&) { return job_result::succeeded(); });
  auto runs = make_thread_executor(functions_, 1, 50ms);
  listener deaf;
  listener quick;
  auto what = a_run("deaf");
  runs->start(what, deaf.observer());
  runs->start(a_run("quick"), quick.observer());
  begun.get_future().wait(); // else the stop would come before it
  runs->stop(what.id, stop_reason::timeout);
  auto result = deaf.get();
  EXPECT_EQ(result.kind, outcome_kind::timed_out);
  EXPECT_NE(result.error.find("ignored"), std::string::npos);
  EXPECT_EQ(quick.get().kind, outcome_kind::succeeded);
  door->open();
  left->get_future().wait();
  EXPECT_EQ(deaf.lines, std::vector<std::string>{"before"});
  EXPECT_EQ(deaf.calls, 1);
}

TEST_F(executor_test, the_destructor_asks_waits_and_leaves_the_deaf_behind) {
  auto door = std::make_shared<gate>();
  auto left = std::make_shared<std::promise<void>>();
  std::atomic<int> begun{0};
  add("deaf", [door, left, &begun](job_context& context) {
    ++begun;
    door->wait();
    context.log(log_level::info, "too late");
    left->set_value();
    return job_result::succeeded();
  });
  add("polite", [&begun](job_context& context) {
    ++begun;
    return until_stopped(context);
  });
  add("never", [](job_context&) { return job_result::succeeded(); });
  listener deaf;
  listener polite;
  listener waiting;
  {
    auto runs = make_thread_executor(functions_, 2, 50ms);
    runs->start(a_run("deaf"), deaf.observer());
    runs->start(a_run("polite"), polite.observer());
    runs->start(a_run("never"), waiting.observer());
    while (begun < 2)
      std::this_thread::sleep_for(1ms);
  }
  EXPECT_EQ(deaf.calls, 1);
  EXPECT_EQ(polite.calls, 1);
  EXPECT_EQ(waiting.calls, 1);
  EXPECT_EQ(deaf.get().kind, outcome_kind::interrupted);
  EXPECT_EQ(polite.get().kind, outcome_kind::interrupted);
  EXPECT_EQ(waiting.get().kind, outcome_kind::interrupted);
  functions_ = registry{}; // the deaf one keeps what it needs
  door->open();
  left->get_future().wait();
}

TEST_F(executor_test, an_observer_may_call_the_executor) {
  add("quick", [](job_context&) { return job_result::succeeded(); });
  auto runs = make_thread_executor(functions_, 1);
  listener last;
  auto first = last.observer();
  auto& again = *runs;
  auto what = a_run("quick");
  auto second = a_run("quick");
  first.done = [&again, what, second, next = last.observer()](outcome) {
    again.stop(what.id, stop_reason::cancel);
    again.start(second, next);
  };
  runs->start(what, first);
  EXPECT_EQ(last.get().kind, outcome_kind::succeeded);
}

} // namespace jobq
