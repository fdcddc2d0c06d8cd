// A stop that arrives with its run, before the function has begun.
#include "tests/extensions/host/host_fixture.hpp"

namespace jobq {

namespace {

class early_stop_test : public host_test {};

TEST_F(early_stop_test, is_heard_by_a_host_that_is_only_starting) {
  const auto what = a_run("obey");
  auto hears = start(what);
  hosts().stop(what.id, stop_reason::cancel);
  const auto result = hears.wait();
  EXPECT_EQ(result.kind, outcome_kind::cancelled);
  EXPECT_EQ(result.message, "obeyed") << result.error;
}

} // namespace

} // namespace jobq
