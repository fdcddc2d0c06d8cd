#pragma once

#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "extensions/core/core.hpp"
#include "extensions/core/core_jobs.hpp"
#include "tests/extensions/database_fixture.hpp"

namespace jobq::test {

/// The run's now in these tests: 2027-03-28T12:00:00.000Z.
time_point noon();

/// The text of an instant relative to noon.
std::string ago(milliseconds age);

/// A context that keeps what it hears.
class fake_context final : public job_context {
public:
  const run_id& id() const override { return id_; }
  std::string_view job() const override { return "test"; }
  std::uint32_t attempt() const override { return 1; }
  const parameter_map& parameters() const override { return given; }
  bool enforce() const override { return enforced; }
  std::optional<time_point> nominal_time() const override { return {}; }
  std::optional<time_point> deadline() const override { return {}; }
  time_point started_at() const override { return now; }
  bool stop_requested() const override { return ++asked > stop_after; }
  void log(log_level, std::string_view line) override {
    lines.emplace_back(line);
  }
  void progress(double, std::string_view) override {}

  parameter_map given;
  bool enforced = true;
  time_point now = noon();
  int stop_after = 1 << 30; ///< questions until the answer is yes
  mutable int asked = 0;
  std::vector<std::string> lines;

private:
  run_id id_;
};

/// Every core test runs once on each database that there is.
class core_test : public testing::TestWithParam<dialect> {
protected:
  core_test() : tables_{GetParam()} {}

  outcome run(const std::string& function, parameter_map parameters = {});
  outcome run(const std::string& function, fake_context& context);

  test_database tables_;
  std::vector<content_source> sources_;
};

} // namespace jobq::test
