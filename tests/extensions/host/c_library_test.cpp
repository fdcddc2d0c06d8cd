// The interface for extensions as C has it, from a library to an outcome.
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "extensions/host/learn.hpp"
#include "extensions/jobq_extension.h"
#include "tests/extensions/host/host_fixture.hpp"

namespace jobq {

namespace {

class c_library_test : public host_test {
protected:
  static run a_call(const std::string& function) {
    auto made = a_run(function);
    made.extension = "in_c";
    return made;
  }

  hearing call(const run& what) {
    return start(what, {library("in_c"), 0, {}, {}});
  }

  outcome end_as(int status) {
    auto what = a_call("end_as");
    what.parameters["status"] = std::to_string(status);
    return call(what).wait();
  }
};

TEST_F(c_library_test, is_learned) {
  const auto learned = learn_library(usual().host, library("in_c"));
  ASSERT_TRUE(learned) << learned.error().message;
  EXPECT_EQ(learned->extension, "in_c");
  EXPECT_EQ(learned->release, "1.2");
  ASSERT_EQ(learned->functions.size(), 2U);
  const auto& say_all = learned->functions[0];
  EXPECT_EQ(say_all.name, "say_all");
  EXPECT_EQ(say_all.description, "Says all.");
  EXPECT_EQ(say_all.default_schedule, "0 0 * * * *");
  ASSERT_EQ(say_all.parameters.size(), 2U);
  EXPECT_EQ(say_all.parameters[0].default_value, "nobody");
  EXPECT_EQ(say_all.parameters[1].kind, parameter_spec::type::boolean);
  const auto& end_as = learned->functions[1];
  EXPECT_EQ(end_as.description, "");
  ASSERT_EQ(end_as.parameters.size(), 1U);
  EXPECT_EQ(end_as.parameters[0].min, 0);
  EXPECT_EQ(end_as.parameters[0].max, 9);
}

TEST_F(c_library_test, sees_its_run_and_is_heard) {
  auto what = a_call("say_all");
  what.attempt = 3;
  what.parameters["loud"] = "on";
  auto hears = call(what);
  const auto result = hears.wait();
  EXPECT_EQ(result.kind, outcome_kind::succeeded) << result.error;
  EXPECT_EQ(result.message, "said");
  EXPECT_EQ(result.items_processed, 5U);
  EXPECT_EQ(result.items_failed, 1U);
  EXPECT_EQ(result.counters,
            (std::map<std::string, std::int64_t>{{"asked_to_stop", 0},
                                                 {"calls", 1},
                                                 {"enforce", 1},
                                                 {"started_before_deadline", 1},
                                                 {"without_nominal_time", 1}}));
  EXPECT_EQ(hears.fraction(), 0.25);
  const std::vector<std::string> said{"say_all of job, attempt 3, run "
                                          + what.id.to_string()
                                          + ", nobody, true",
                                      "louder than an error"};
  EXPECT_EQ(hears.lines(), said);
  // Its data stay with the host.
  EXPECT_EQ(call(a_call("say_all")).wait().counters["calls"], 2);
}

TEST_F(c_library_test, ends_as_its_status_says) {
  EXPECT_EQ(end_as(JOBQ_SUCCEEDED).kind, outcome_kind::succeeded);
  const auto failed = end_as(JOBQ_FAILED);
  EXPECT_EQ(failed.kind, outcome_kind::failed);
  EXPECT_TRUE(failed.retryable);
  EXPECT_EQ(failed.error, "as it was told");
  const auto discarded = end_as(JOBQ_DISCARDED);
  EXPECT_EQ(discarded.kind, outcome_kind::failed);
  EXPECT_FALSE(discarded.retryable);
  const auto snoozed = end_as(JOBQ_SNOOZED);
  EXPECT_EQ(snoozed.kind, outcome_kind::snoozed);
  EXPECT_EQ(snoozed.snooze, milliseconds{1500});
  const auto unknown = end_as(9);
  EXPECT_EQ(unknown.kind, outcome_kind::failed);
  EXPECT_EQ(unknown.error, "the function returned 9, which is no jobq_status");
}

} // namespace

} // namespace jobq
