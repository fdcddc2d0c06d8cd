#pragma once

#include <algorithm>
#include <atomic>
#include <cmath>
#include <mutex>
#include <optional>
#include <utility>

#include "extensions/executor.hpp"
#include "extensions/registry.hpp"
#include "extensions/run_facts.hpp"
#include "extensions/stop_outcome.hpp"
#include "jobs/error.hpp"

namespace jobq {

/// One attempt in this process, from `start` to `done`; also the function's
/// view of it. Thread-safe.
class active_attempt final : public run_facts {
public:
  active_attempt(const run& what, attempt_observer observer)
      : run_facts{what}, observer_{std::move(observer)} {}

  bool stop_requested() const override { return stop_ != not_asked; }

  void log(log_level level, std::string_view line) override {
    std::lock_guard lock{mutex_};
    if (!done_ && observer_.log)
      observer_.log(level, line);
  }

  void progress(double fraction, std::string_view message) override {
    if (std::isnan(fraction))
      return;
    std::lock_guard lock{mutex_};
    if (!done_ && observer_.progress)
      observer_.progress(std::clamp(fraction, 0.0, 1.0), message);
  }

  void request_stop(stop_reason why) noexcept {
    auto expected = not_asked;
    stop_.compare_exchange_strong(expected, static_cast<int>(why));
  }

  /// Tells the observer, once; whoever comes later is not heard.
  void finish(outcome result) noexcept {
    std::lock_guard lock{mutex_};
    if (std::exchange(done_, true) || !observer_.done)
      return;
    try {
      observer_.done(as_told(std::move(result)));
    } catch (...) {
      // An observer that throws here has nobody left to tell.
    }
    observer_ = {}; // a deaf function must not keep what it captured
  }

private:
  static constexpr int not_asked = -1;

  outcome as_told(outcome result) const {
    const int why = stop_;
    return honest_outcome(std::move(result),
                          why == not_asked
                              ? std::nullopt
                              : std::optional{static_cast<stop_reason>(why)});
  }

  std::atomic<int> stop_{not_asked}; ///< a stop_reason; the first one stands
  std::mutex mutex_;                 ///< of what follows
  attempt_observer observer_;
  bool done_ = false;
};

/// Finds the function of a run, or says why it can't be called. The copy keeps
/// a function's captures alive should it outlive the registry.
result<job_function> callable(const registry& functions, const run& what);

/// Calls a function; what it throws is a failure.
outcome call(const job_function& function, job_context& context);

} // namespace jobq
