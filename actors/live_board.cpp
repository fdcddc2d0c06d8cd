#include "actors/live_board.hpp"

#include <algorithm>
#include <utility>

namespace jobq {

namespace {

/// Kept free for the note that lines gave way.
constexpr std::size_t note_room = 64;

} // namespace

void live_board::begin(const run& what, std::size_t log_limit) {
  entry fresh;
  fresh.attempt = what.attempt;
  fresh.room = log_limit - std::min(log_limit, note_room);
  std::lock_guard guard{mutex_};
  entries_[what.id] = std::move(fresh);
}

void live_board::log(const run_id& id, time_point at, log_level level,
                     std::string_view line) {
  auto prefix = format_utc(at) + " ";
  auto word = word_of(log_level_words, level);
  prefix.append(word).append(8 - std::min<std::size_t>(word.size(), 7), ' ');
  std::lock_guard guard{mutex_};
  auto found = entries_.find(id);
  if (found == entries_.end())
    return;
  auto& [_, what] = *found;
  const auto taken = std::min(prefix.size() + 1, what.room);
  line = line.substr(0, what.room - taken);
  what.log.append(prefix).append(line).push_back('\n');
  if (what.log.size() > what.room) {
    // Whole lines give way, a quarter of the room at a time; never the newest,
    // unless it has no room by itself.
    const auto excess = what.log.size() - what.room;
    const auto newest = what.log.size() - (prefix.size() + line.size() + 1);
    const auto least
        = std::max(excess, std::min(excess + what.room / 4, newest));
    const auto cut = what.log.find('\n', least - 1);
    const auto gone = cut == std::string::npos ? what.log.size() : cut + 1;
    what.log.erase(0, gone);
    what.log_begin += gone;
  }
  ++what.version;
  changed_.notify_all();
}

void live_board::progress(const run_id& id, double fraction,
                          std::string_view message) {
  std::lock_guard guard{mutex_};
  auto found = entries_.find(id);
  if (found == entries_.end())
    return;
  found->second.fraction = std::clamp(fraction, 0.0, 1.0);
  found->second.message = message;
  ++found->second.version;
  changed_.notify_all();
}

std::string live_board::end(const run_id& id) {
  std::lock_guard guard{mutex_};
  auto found = entries_.find(id);
  if (found == entries_.end())
    return {};
  auto log = std::move(found->second.log);
  if (auto gone = found->second.log_begin; gone > 0 && !log.empty())
    log.insert(0, "(" + std::to_string(gone) + " bytes of older lines cut)\n");
  entries_.erase(found);
  changed_.notify_all();
  return log;
}

std::optional<live_board::view> live_board::look(const run_id& id,
                                                 std::uint64_t log_from) const {
  std::lock_guard guard{mutex_};
  auto found = entries_.find(id);
  if (found == entries_.end())
    return std::nullopt;
  const auto& what = found->second;
  view seen;
  seen.attempt = what.attempt;
  seen.fraction = what.fraction;
  seen.message = what.message;
  seen.log_end = what.log_begin + what.log.size();
  seen.version = what.version;
  auto from = std::clamp(log_from, what.log_begin, seen.log_end);
  seen.log = what.log.substr(from - what.log_begin);
  return seen;
}

void live_board::wait(const run_id& id, std::uint64_t seen,
                      milliseconds at_most) const {
  std::unique_lock lock{mutex_};
  changed_.wait_for(lock, at_most, [&] {
    auto found = entries_.find(id);
    return found == entries_.end() || found->second.version != seen;
  });
}

} // namespace jobq
