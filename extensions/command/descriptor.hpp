#pragma once

#include <unistd.h>

#include <utility>

namespace jobq {

/// Owns a file descriptor, or none.
class descriptor {
public:
  descriptor() = default;
  explicit descriptor(int number) noexcept : number_{number} {}
  descriptor(descriptor&& other) noexcept
      : number_{std::exchange(other.number_, -1)} {}
  descriptor& operator=(descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  descriptor(const descriptor&) = delete;
  descriptor& operator=(const descriptor&) = delete;
  ~descriptor() { reset(); }

  explicit operator bool() const noexcept { return number_ >= 0; }
  int get() const noexcept { return number_; }
  void reset() noexcept {
    if (int number = std::exchange(number_, -1); number >= 0)
      ::close(number);
  }

private:
  int number_ = -1;
};

} // namespace jobq
