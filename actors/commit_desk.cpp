#include "actors/commit_desk.hpp"

#include <iterator>
#include <utility>

namespace jobq {

commit_desk::commit_desk(commit_queue& commits) : commits_{commits} {
  commits_.on_pulse([this](const pulse& latest) { hear(latest); });
}

commit_desk::~commit_desk() {
  commits_.on_pulse({});
}

void commit_desk::on_delivery(std::function<void()> notify) {
  auto fresh
      = notify
            ? std::make_shared<const std::function<void()>>(std::move(notify))
            : notification{};
  std::lock_guard guard{mutex_};
  notify_ = std::move(fresh);
  told_ = false;
  due_told_.reset();
}

void commit_desk::submit(any_command what, std::uint64_t ticket) {
  commits_.submit(std::move(what), deliver_under(ticket));
}

commit_callback commit_desk::deliver_under(std::uint64_t ticket) {
  return [this, ticket](result<reply> value) {
    deliver(ticket, std::move(value));
  };
}

void commit_desk::claim_for(std::string owner, time_source now,
                            std::uint64_t ticket) {
  commits_.claim_for({std::move(owner), std::move(now), deliver_under(ticket)});
}

void commit_desk::want(std::uint32_t runs) {
  commits_.want(runs);
}

void commit_desk::stop_claiming(std::uint64_t ticket) {
  commits_.stop_claiming(deliver_under(ticket));
}

void commit_desk::submit(any_command what, commit_callback done) {
  auto told = deliver_before(what, std::move(done));
  commits_.submit(std::move(what), std::move(told));
}

void commit_desk::carry_out(any_command what, commit_callback done,
                            const std::function<void()>& meanwhile) {
  auto told = deliver_before(what, std::move(done));
  commits_.carry_out(std::move(what), std::move(told), meanwhile);
}

/// Has a command's completions delivered before `done` is called.
commit_callback commit_desk::deliver_before(const any_command& what,
                                            commit_callback done) {
  if (std::holds_alternative<command::enqueue>(what)) // completes nothing
    return done;
  return [this, done = std::move(done)](result<reply> value) {
    if (value && !value->completions.empty())
      deliver(std::nullopt, value);
    done(std::move(value));
  };
}

commit_desk::delivery commit_desk::collect() {
  std::lock_guard guard{mutex_};
  told_ = false;
  // Who acts on answers alone may have forgotten what he was told before.
  if (!waiting_.pulse)
    due_told_.reset();
  return std::exchange(waiting_, {});
}

void commit_desk::hear(const pulse& latest) {
  notification call;
  {
    std::lock_guard guard{mutex_};
    waiting_.pulse = latest;
    if (latest.next_due == due_told_)
      return;
    due_told_ = latest.next_due;
    call = to_tell();
  }
  if (call)
    (*call)();
}

void commit_desk::deliver(std::optional<std::uint64_t> ticket,
                          result<reply> value) {
  notification call;
  {
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
    call = to_tell();
  }
  if (call)
    (*call)();
}

commit_desk::notification commit_desk::to_tell() {
  if (told_ || !notify_)
    return {};
  told_ = true;
  return notify_;
}

} // namespace jobq
