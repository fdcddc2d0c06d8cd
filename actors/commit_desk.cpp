#include "actors/commit_desk.hpp"

#include <iterator>
#include <utility>

namespace jobq {

commit_desk::commit_desk(commit_queue& commits) : commits_{commits} {
  commits_.on_pulse([this](const pulse& latest) {
    std::lock_guard guard{mutex_};
    waiting_.pulse = latest;
    tell();
  });
}

commit_desk::~commit_desk() {
  commits_.on_pulse({});
}

void commit_desk::on_delivery(std::function<void()> notify) {
  std::lock_guard guard{mutex_};
  notify_ = std::move(notify);
  told_ = false;
}

void commit_desk::submit(any_command what, std::uint64_t ticket) {
  commits_.submit(std::move(what), [this, ticket](result<reply> value) {
    deliver(ticket, std::move(value));
  });
}

void commit_desk::submit(any_command what, commit_callback done) {
  commits_.submit(std::move(what),
                  [this, done = std::move(done)](result<reply> value) {
                    if (value && !value->completions.empty())
                      deliver(std::nullopt, value);
                    done(std::move(value));
                  });
}

commit_desk::delivery commit_desk::collect() {
  std::lock_guard guard{mutex_};
  told_ = false;
  return std::exchange(waiting_, {});
}

void commit_desk::deliver(std::optional<std::uint64_t> ticket,
                          result<reply> value) {
  std::lock_guard guard{mutex_};
  if (value) {
    auto& fresh = value->completions;
    waiting_.completions.insert(waiting_.completions.end(), fresh.begin(),
                                fresh.end());
  }
  if (ticket)
    waiting_.answers.push_back({*ticket, std::move(value)});
  else if (waiting_.completions.empty())
    return;
  tell();
}

void commit_desk::tell() {
  if (told_ || !notify_)
    return;
  told_ = true;
  notify_();
}

} // namespace jobq
