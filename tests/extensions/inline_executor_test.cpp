#include <stdexcept>
#include <thread>

#include <gtest/gtest.h>

#include "extensions/executor.hpp"

namespace jobq {

namespace {

class inline_executor_test : public testing::Test {
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

  outcome result_of(const std::string& function, parameter_map given = {}) {
    run what;
    what.extension = "test";
    what.function = function;
    what.parameters = std::move(given);
    int ends = 0;
    outcome told;
    attempt_observer observer;
    observer.done = [&](outcome result) {
      ++ends;
      told = std::move(result);
    };
    make_inline_executor(functions_)->start(what, observer);
    EXPECT_EQ(ends, 1) << "within start, once";
    return told;
  }

  registry functions_;
};

TEST_F(inline_executor_test, calls_on_the_callers_thread) {
  std::thread::id called;
  add("note", [&](job_context&) {
    called = std::this_thread::get_id();
    return job_result::succeeded("noted");
  });
  EXPECT_EQ(result_of("note").message, "noted");
  EXPECT_EQ(called, std::this_thread::get_id());
}

TEST_F(inline_executor_test, contains_exceptions) {
  add("throw", [](job_context&) -> outcome { throw std::runtime_error{"no"}; });
  const auto result = result_of("throw");
  EXPECT_EQ(result.kind, outcome_kind::failed);
  EXPECT_EQ(result.error, "no");
}

TEST_F(inline_executor_test, checks_function_and_parameters) {
  add("note", [](job_context&) { return job_result::succeeded(); });
  EXPECT_FALSE(result_of("nothing").retryable);
  EXPECT_EQ(result_of("note", {{"count", "10"}}).error,
            "parameter \"count\" must be at most 9, not \"10\"");
}

} // namespace

} // namespace jobq
