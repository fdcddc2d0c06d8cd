#include "queue/producer.hpp"

#include <chrono>
#include <mutex>
#include <utility>

#include "queue/backlog.hpp"
#include "queue/command_size.hpp"

namespace jobq {

struct producer::state {
  explicit state(commit_limits limits) : open{limits} {}
  std::mutex mutex;
  backlog open;
};

producer::producer(submit_function submit, commit_limits limits)
    : submit_{std::move(submit)}, state_{std::make_shared<state>(limits)} {}

void producer::enqueue(std::vector<run> runs, commit_callback done) {
  const auto count = runs.size();
  any_command what{command::enqueue{std::move(runs)}};
  const auto bytes = size_of(what);
  std::string refusal;
  {
    std::lock_guard lock{state_->mutex};
    refusal = state_->open.admit(count, bytes);
  }
  if (!refusal.empty()) {
    done(fail(errc::busy, "of this producer " + refusal));
    return;
  }
  const auto begun = std::chrono::steady_clock::now();
  submit_(std::move(what), [at = state_, count, bytes, begun,
                            done = std::move(done)](result<reply> came) {
    {
      std::lock_guard lock{at->mutex};
      // A refusal says nothing of the disk's speed.
      const auto took = std::chrono::steady_clock::now() - begun;
      at->open.release(count, bytes, came ? took : took.zero());
    }
    done(std::move(came));
  });
}

} // namespace jobq
