#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>
#include <thread>
#include <utility>

#include "tools/api/handlers.hpp"
#include "tools/runtime.hpp"

namespace jobq {

namespace {

constexpr milliseconds longest_wait{250};
constexpr milliseconds shortest_wait{10};

/// Tells one run's life as events: what has happened so far, then what happens.
/// A running attempt's log comes from the board; what it wrote between the last
/// look and its end comes from the store, where the whole log is by then.
class run_teller {
public:
  run_teller(runtime& target, const run_id& id, const line_sink& sink)
      : target_{target}, id_{id}, sink_{sink} {}

  /// Tells until the run is final, nobody listens, or `cancelled`.
  result<void> tell(run known, const std::function<bool()>& cancelled) {
    for (bool drained = false;;) { // before `known` was looked up
      tell_ended(known);
      if (is_final(known.state)) {
        emit({{"event", "finished"}, {"run", run_json(known)}});
        return {};
      }
      if (drained && known.state != run_state::running)
        tell_held();
      tell_running(known, cancelled);
      if (gone_ || cancelled())
        return {};
      drained = target_.jobs_engine().drained();
      auto now = target_.reads().find_run(id_);
      if (!now)
        return tl::unexpected(now.error());
      known = std::move(*now);
    }
  }

private:
  /// The attempts that have ended since the last time.
  void tell_ended(const run& known) {
    for (const auto& ended : known.attempts) {
      if (ended.number <= told_)
        continue;
      open(ended.number);
      if (const auto log = target_.reads().read_log(id_, ended.number))
        emit_log(rest_of(*log));
      emit_attempt(ended.number,
                   word_of(outcome_kind_words, ended.outcome.kind));
      told_ = ended.number;
      current_ = 0;
      wait_ = shortest_wait;
    }
  }

  /// The attempt that is running, if there is one, until it is over. Returns
  /// as well after a pause when nothing is running.
  void tell_running(const run& known, const std::function<bool()>& cancelled) {
    const auto& live = target_.jobs_engine().live();
    bool seen = false;
    while (!gone_ && !cancelled()) {
      const auto view = live.look(id_, current_ == 0 ? 0 : offset_);
      if (!view || view->attempt <= told_)
        break;
      if (view->attempt != current_) {
        // Ended attempts come first, each with all of its log.
        if (view->attempt > known.attempt || current_ != 0)
          return;
        open(view->attempt);
        continue;
      }
      seen = true;
      emit_log(view->log);
      offset_ = view->log_end;
      emit_progress(view->fraction, view->message);
      live.wait(id_, view->version, longest_wait);
    }
    if (!seen && !gone_)
      pause(known.state == run_state::running);
  }

  void tell_held() {
    if (!std::exchange(held_, true))
      emit({{"event", "held"}, {"reason", "draining"}});
  }

  /// Begins to tell an attempt, unless it has been begun.
  void open(std::uint32_t number) {
    if (current_ == number)
      return;
    current_ = number;
    offset_ = 0;
    tail_.clear();
    emit_attempt(number, word_of(run_state_words, run_state::running));
  }

  /// What of a whole log has not been told. Where the oldest lines gave way to
  /// newer ones, offsets do not fit any more: then the text that was told last
  /// is looked for.
  std::string rest_of(const std::string& log) const {
    if (offset_ == 0)
      return log;
    const auto offset = static_cast<std::size_t>(offset_);
    if (offset <= log.size() && offset >= tail_.size()
        && log.compare(offset - tail_.size(), tail_.size(), tail_) == 0)
      return log.substr(offset);
    const auto at = log.rfind(tail_);
    return at == std::string::npos ? log : log.substr(at + tail_.size());
  }

  void emit_log(const std::string& text) {
    if (text.empty())
      return;
    constexpr std::size_t kept = 512;
    tail_ += text;
    if (tail_.size() > kept)
      tail_.erase(0, tail_.size() - kept);
    emit({{"event", "log"}, {"text", text}});
  }

  void emit_progress(double fraction, const std::string& message) {
    if (fraction == fraction_ && message == message_)
      return;
    fraction_ = fraction;
    message_ = message;
    emit({{"event", "progress"},
          {"fraction", fraction},
          {"message", text_json(message)}});
  }

  void emit_attempt(std::uint32_t number, std::string_view state) {
    fraction_ = 0;
    message_.clear();
    emit({{"event", "attempt"}, {"number", number}, {"state", state}});
  }

  void emit(const json& event) {
    if (!gone_ && !sink_(to_text(event)))
      gone_ = true;
  }

  /// A run that waits is looked at less and less often; one whose attempt has
  /// just begun or ended, soon again.
  void pause(bool soon) {
    if (soon)
      wait_ = shortest_wait;
    std::this_thread::sleep_for(wait_);
    wait_ = std::min(wait_ * 2, longest_wait);
  }

  runtime& target_;
  const run_id id_;
  const line_sink& sink_;
  bool gone_ = false;
  bool held_ = false;         ///< that it is held has been told
  std::uint32_t told_ = 0;    ///< the latest attempt that is told to its end
  std::uint32_t current_ = 0; ///< the attempt that is being told; 0: none
  std::uint64_t offset_ = 0;  ///< bytes of its log that have been told
  std::string tail_;          ///< the last of them
  double fraction_ = 0;
  std::string message_;
  milliseconds wait_ = shortest_wait;
};

} // namespace

result<void> stream_run(const api_call& call, const line_sink& sink,
                        const std::function<bool()>& cancelled) {
  const auto id = run_id::parse(call.names[0]);
  if (!id)
    return tl::unexpected(id.error());
  auto found = call.target.reads().find_run(*id);
  if (!found)
    return tl::unexpected(found.error());
  if (!sink(""))
    return {};
  return run_teller{call.target, *id, sink}.tell(std::move(*found), cancelled);
}

} // namespace jobq
