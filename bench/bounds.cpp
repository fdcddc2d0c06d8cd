#include "bench/bounds.hpp"

#include <csignal>

namespace jobq::bench {
namespace {

volatile std::sig_atomic_t was_interrupted = 0;

} // namespace

bool bounds::over() const noexcept {
  return interrupted() || std::chrono::steady_clock::now() >= deadline;
}

void interrupt() noexcept {
  was_interrupted = 1;
}

bool interrupted() noexcept {
  return was_interrupted != 0;
}

} // namespace jobq::bench
