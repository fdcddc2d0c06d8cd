#include "queue/applier.hpp"

#include <exception>
#include <utility>

namespace jobq {
namespace {

thread_local bool in_callback = false;

template <class Function>
void shielded(Function&& function) noexcept {
  try {
    function();
  } catch (...) { // a callback's defect must not take the queue down
  }
}

/// Calls a store that may throw.
template <class Call>
auto guarded(Call&& call) -> decltype(call()) {
  try {
    return call();
  } catch (const std::exception& e) {
    return fail(errc::internal, std::string{"the store threw: "} + e.what());
  } catch (...) {
    return fail(errc::internal, "the store threw");
  }
}

} // namespace

template <class Carry>
result<commit_report> applier::carry_out(request_batch& batch, Carry carry) {
  const auto count = batch.commands.size();
  auto report = guarded(carry);
  batch.commands.clear();
  if (report && report->replies.size() != count)
    report = fail(errc::internal, "the store left commands unanswered");
  return report;
}

result<commit_report> applier::apply(request_batch& batch, durability how) {
  return carry_out(batch, [&] { return target_.apply(batch.commands, how); });
}

result<commit_report> applier::begin(request_batch& batch) {
  return carry_out(batch, [&] { return target_.begin(batch.commands); });
}

result<std::uint64_t> applier::persist(std::uint64_t commit, durability how) {
  return guarded([&] { return target_.persist(commit, how); });
}

void applier::beat(const pulse& now) {
  std::lock_guard lock{mutex_};
  if (pulse_)
    shielded([&] { pulse_(now); });
}

void applier::on_pulse(pulse_callback callback) {
  std::lock_guard lock{mutex_};
  pulse_ = std::move(callback);
}

void answer(const std::vector<commit_callback>& callbacks,
            result<commit_report>& report) {
  for (std::size_t i = 0; i < callbacks.size(); ++i)
    answer(callbacks[i], report ? std::move(report->replies[i])
                                : result<reply>{tl::unexpect, report.error()});
}

void answer(const commit_callback& callback, result<reply> came) {
  if (!callback)
    return;
  const bool outer = std::exchange(in_callback, true);
  shielded([&] { callback(std::move(came)); });
  in_callback = outer;
}

bool answering() noexcept {
  return in_callback;
}

} // namespace jobq
