#pragma once

#include <chrono>
#include <optional>
#include <string_view>
#include <utility>

#include "extensions/job_function.hpp"
#include "jobs/run.hpp"

namespace jobq {

/// The facts that a function is told of its run, wherever it is called.
class run_facts : public job_context {
public:
  explicit run_facts(run what) : run_{std::move(what)} {}

  const run_id& id() const override { return run_.id; }
  std::string_view job() const override { return run_.job; }
  std::uint32_t attempt() const override { return run_.attempt; }
  const parameter_map& parameters() const override { return run_.parameters; }
  bool enforce() const override { return run_.enforce; }
  std::optional<time_point> nominal_time() const override {
    return run_.nominal_time;
  }
  std::optional<time_point> deadline() const override {
    if (!run_.timeout)
      return std::nullopt;
    return started_at_ + *run_.timeout;
  }
  time_point started_at() const override { return started_at_; }

  /// To be called before the function is: the attempt begins when the engine
  /// says that it did, else now.
  void begin() {
    started_at_ = run_.started_at.value_or(
        std::chrono::floor<milliseconds>(std::chrono::system_clock::now()));
  }

  const run& what() const noexcept { return run_; }

private:
  const run run_;
  time_point started_at_{};
};

} // namespace jobq
