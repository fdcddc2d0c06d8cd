#include "actors/time_source.hpp"

namespace jobq {

time_source system_time() {
  return [] {
    return std::chrono::floor<milliseconds>(std::chrono::system_clock::now());
  };
}

} // namespace jobq
