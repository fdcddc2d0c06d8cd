#include "actors/completion_feed.hpp"

#include <chrono>
#include <utility>

namespace jobq {
namespace {

constexpr std::uint32_t page = 256;

} // namespace

completion_feed::completion_feed(const store& source, std::uint64_t after,
                                 std::size_t window)
    : source_{source}, window_limit_{window}, delivered_{after} {}

void completion_feed::offer(const std::vector<completion>& fresh) {
  {
    std::lock_guard guard{mutex_};
    if (!lagging_ && window_.size() + fresh.size() > window_limit_) {
      window_.clear();
      lagging_ = true;
    }
    if (!lagging_)
      window_.insert(window_.end(), fresh.begin(), fresh.end());
  }
  changed_.notify_all();
}

void completion_feed::lag() {
  std::lock_guard guard{mutex_};
  window_.clear();
  lagging_ = true;
  changed_.notify_all();
}

void completion_feed::close() {
  std::lock_guard guard{mutex_};
  closed_ = true;
  changed_.notify_all();
}

result<std::vector<completion>> completion_feed::next(milliseconds at_most) {
  const auto deadline = std::chrono::steady_clock::now() + at_most;
  std::unique_lock lock{mutex_};
  for (;;) {
    if (lagging_) {
      auto missed = catch_up(lock);
      if (!missed || !missed->empty())
        return missed;
    }
    auto fresh = take_window();
    if (!fresh.empty())
      return fresh;
    if (closed_ && !lagging_)
      return fail(errc::unavailable, "the engine has stopped");
    const bool something = changed_.wait_until(lock, deadline, [&] {
      return lagging_ || !window_.empty() || closed_;
    });
    if (!something)
      return fresh;
  }
}

std::vector<completion> completion_feed::take_window() {
  std::vector<completion> fresh;
  for (auto& one : std::exchange(window_, {}))
    if (one.sequence > delivered_) {
      delivered_ = one.sequence;
      fresh.push_back(std::move(one));
    }
  return fresh;
}

result<std::vector<completion>>
completion_feed::catch_up(std::unique_lock<std::mutex>& lock) {
  // What is committed before the window opens is in the store, what comes
  // later is in the window; what is in both is dropped by its sequence.
  lagging_ = false;
  window_.clear();
  history_filter filter;
  filter.after_sequence = delivered_;
  filter.limit = page;
  lock.unlock();
  auto missed = source_.list_history(filter);
  lock.lock();
  if (!missed || missed->size() == page) {
    lagging_ = true;
    window_.clear();
  }
  if (missed && !missed->empty())
    delivered_ = missed->back().sequence;
  return missed;
}

} // namespace jobq
