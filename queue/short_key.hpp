#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>

namespace jobq {

/// A key of few bytes, held in place: these are made, compared and kept in
/// memory for every run, without an allocation for their bytes. In the order of
/// bytes, as in RocksDB.
class short_key {
public:
  static constexpr std::size_t capacity = 31;

  short_key() = default;

  /// @returns `nullopt` for more bytes than `capacity`
  static std::optional<short_key> of(std::string_view bytes) noexcept {
    if (bytes.size() > capacity)
      return std::nullopt;
    short_key made;
    if (!bytes.empty())
      made.append(bytes.data(), bytes.size());
    return made;
  }

  /// Bytes beyond `capacity` must not be added.
  void push_back(char byte) noexcept { bytes_[size_++] = byte; }
  void append(const char* from, std::size_t count) noexcept {
    std::memcpy(bytes_.data() + size_, from, count);
    size_ = static_cast<std::uint8_t>(size_ + count);
  }

  std::string_view view() const noexcept { return {bytes_.data(), size_}; }
  operator std::string_view() const noexcept { return view(); }

  friend bool operator==(const short_key& a, const short_key& b) noexcept {
    return a.view() == b.view();
  }
  friend auto operator<=>(const short_key& a, const short_key& b) noexcept {
    return a.view() <=> b.view();
  }
  friend bool operator==(const short_key& a, std::string_view b) noexcept {
    return a.view() == b;
  }
  friend auto operator<=>(const short_key& a, std::string_view b) noexcept {
    return a.view() <=> b;
  }

private:
  std::array<char, capacity> bytes_{};
  std::uint8_t size_ = 0;
};

static_assert(sizeof(short_key) == short_key::capacity + 1);

} // namespace jobq
