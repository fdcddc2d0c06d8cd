#include "extensions/active_attempt.hpp"
#include "extensions/executor.hpp"

#include <utility>

namespace jobq {

namespace {

class inline_executor final : public executor {
public:
  explicit inline_executor(const registry& functions) : functions_{functions} {}

  void start(const run& what, attempt_observer observer) override {
    active_attempt attempt{what, std::move(observer)};
    attempt.begin();
    const auto function = callable(functions_, what);
    attempt.finish(function
                       ? call(*function, attempt)
                       : job_result::failed(function.error().message, false));
  }

  void stop(const run_id&, stop_reason) override {
    // Nothing is ever under way between two calls.
  }

private:
  const registry& functions_;
};

} // namespace

std::unique_ptr<executor> make_inline_executor(const registry& functions) {
  return std::make_unique<inline_executor>(functions);
}

} // namespace jobq
