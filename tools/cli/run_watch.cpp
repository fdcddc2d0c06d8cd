#include "tools/cli/run_watch.hpp"

#include <utility>

namespace jobq {

bool run_watch::inbox::put(watch_event event) {
  const std::lock_guard lock{mutex};
  if (closed)
    return false;
  events.push_back(std::move(event));
  filled.notify_one();
  return true;
}

run_watch::~run_watch() {
  {
    const std::lock_guard lock{inbox_->mutex};
    inbox_->closed = true;
  }
  for (auto& each : followers_)
    if (each.server)
      each.thread.detach();
    else
      each.thread.join();
}

void run_watch::follow(std::size_t run, connection from, api_request request) {
  const auto server = from.server;
  followers_.push_back(
      {std::thread{[to = inbox_, run, client = std::move(from.client),
                    asked = std::move(request)] {
         const auto ended = client->follow(asked, [&](const std::string& line) {
           return to->put({run, line, false, std::nullopt});
         });
         to->put({run, "", true,
                  ended ? std::nullopt : std::optional{ended.error()}});
       }},
       server});
}

std::optional<watch_event> run_watch::next(milliseconds longest) {
  std::unique_lock lock{inbox_->mutex};
  inbox_->filled.wait_for(lock, longest,
                          [&] { return !inbox_->events.empty(); });
  if (inbox_->events.empty())
    return std::nullopt;
  auto event = std::move(inbox_->events.front());
  inbox_->events.pop_front();
  return event;
}

} // namespace jobq
