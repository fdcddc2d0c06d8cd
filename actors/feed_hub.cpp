#include "actors/feed_hub.hpp"

#include <utility>

namespace jobq {

template <class Action>
void feed_hub::each(Action action) {
  std::lock_guard guard{mutex_};
  std::erase_if(feeds_, [&](const auto& weak) {
    auto feed = weak.lock();
    if (feed)
      action(*feed);
    return feed == nullptr;
  });
}

std::shared_ptr<completion_feed> feed_hub::subscribe(std::uint64_t after,
                                                     std::size_t window) {
  auto feed = std::make_shared<completion_feed>(source_, after, window);
  std::lock_guard guard{mutex_};
  if (closed_)
    feed->close();
  feeds_.push_back(feed);
  return feed;
}

void feed_hub::offer(const std::vector<completion>& fresh) {
  each([&](completion_feed& feed) { feed.offer(fresh); });
}

void feed_hub::lag() {
  each([](completion_feed& feed) { feed.lag(); });
}

void feed_hub::close() {
  each([](completion_feed& feed) { feed.close(); });
  std::lock_guard guard{mutex_};
  closed_ = true;
}

} // namespace jobq
