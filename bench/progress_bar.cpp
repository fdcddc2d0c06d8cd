#include "bench/progress_bar.hpp"

#include <algorithm>
#include <cstdio>

namespace jobq::bench {
namespace {

constexpr std::chrono::milliseconds frame{200};
constexpr int bar_width = 24;
// It has to fit into one line of any terminal.
constexpr std::size_t name_width = 32;
constexpr auto erase_line = "\r\033[K";

} // namespace

measured_part& measured() {
  static measured_part part;
  return part;
}

std::string bar(double share, int width) {
  const auto filled = static_cast<int>(std::clamp(share, 0.0, 1.0) * width);
  char percent[16];
  std::snprintf(percent, sizeof percent, " %3.0f %%",
                std::clamp(share, 0.0, 1.0) * 100);
  return "[" + std::string(static_cast<std::size_t>(filled), '#')
         + std::string(static_cast<std::size_t>(width - filled), ' ') + "]"
         + percent;
}

progress_bar::progress_bar(bool visible, std::uint64_t repetitions)
    : visible_{visible},
      repetitions_{repetitions}, begun_{std::chrono::steady_clock::now()} {
  if (visible_)
    thread_ = std::thread{[this] { draw_all(); }};
}

progress_bar::~progress_bar() {
  if (!visible_)
    return;
  clear();
  {
    std::lock_guard guard{mutex_};
    ending_ = true;
  }
  ended_.notify_all();
  thread_.join();
}

void progress_bar::next(const std::string& name) {
  std::lock_guard guard{mutex_};
  measured().done = 0;
  measured().total = 0;
  ++begun_repetitions_;
  name_ = name.substr(0, name_width);
  shown_ = true;
}

void progress_bar::clear() {
  std::lock_guard guard{mutex_};
  if (visible_ && shown_)
    std::fputs(erase_line, stderr);
  shown_ = false;
}

void progress_bar::draw_all() {
  std::unique_lock lock{mutex_};
  while (!ended_.wait_for(lock, frame, [this] { return ending_; }))
    if (shown_)
      draw();
}

void progress_bar::draw() {
  const auto total = measured().total.load();
  const auto within = total == 0 ? 0
                                 : static_cast<double>(measured().done)
                                       / static_cast<double>(total);
  const auto share
      = (static_cast<double>(begun_repetitions_ - 1) + std::min(within, 1.0))
        / static_cast<double>(repetitions_);
  const auto took = std::chrono::duration_cast<std::chrono::seconds>(
      std::chrono::steady_clock::now() - begun_);
  std::fprintf(stderr, "%s%s %lld s %s", erase_line,
               bar(share, bar_width).c_str(),
               static_cast<long long>(took.count()), name_.c_str());
}

} // namespace jobq::bench
