#pragma once

#include <array>
#include <bit>
#include <compare>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "jobs/error.hpp"
#include "jobs/time.hpp"

namespace jobq {

/// Identity of a run: 128 bits in ULID layout, a 48-bit big-endian millisecond
/// time followed by 80 bits that tell runs of one millisecond apart. Byte order
/// is time order. Text is 26 lower-case characters of Crockford's base 32.
class run_id {
public:
  using bytes = std::array<std::uint8_t, 16>;

  run_id() = default;
  explicit run_id(const bytes& raw) : raw_{raw} {}

  /// The id of a tick's run. Depends on nothing but its arguments, so that the
  /// same tick makes the same run however often it is decided. Jobs that are
  /// due at once come in the same order at each moment (by 16 bits of a hash of
  /// their names): who goes by it finds the rows of a herd side by side.
  static run_id of_tick(std::string_view job, time_point nominal);

  /// The id of a run that repeats one of a tick's: as `of_tick`, and the same
  /// for the same predecessor.
  static run_id of_repeat(const run_id& earlier, time_point nominal);

  /// A fresh id for a run made by hand or by the API. Thread-safe. Those that a
  /// thread makes for the same moment one after the other are in that order, so
  /// that runs of one request are taken in theirs.
  static run_id random(time_point created);

  /// Reads the text form in either case.
  static result<run_id> parse(std::string_view text);

  std::string to_string() const;
  const bytes& raw() const noexcept { return raw_; }
  time_point time() const noexcept;

  friend auto operator<=>(const run_id&, const run_id&) = default;

private:
  bytes raw_{};
};

} // namespace jobq

template <>
struct std::hash<jobq::run_id> {
  /// Ids of one moment count up, and what is done to one is soon done to the
  /// next: those of a block follow one another in a table, and in the cache.
  /// Where the block lies depends on all other bits.
  std::size_t operator()(const jobq::run_id& id) const noexcept {
    constexpr std::uint64_t in_block = 31;
    std::uint64_t high = 0;
    std::uint64_t low = 0;
    for (std::size_t i = 0; i < 8; ++i) {
      high = high << 8 | id.raw()[i];
      low = low << 8 | id.raw()[i + 8];
    }
    const auto block = low & ~in_block;
    auto mixed = (high ^ std::rotl(block, 32)) * 0x9e3779b97f4a7c15ULL;
    mixed = (mixed ^ (mixed >> 32) ^ block) * 0xbf58476d1ce4e5b9ULL;
    return static_cast<std::size_t>((mixed ^ (mixed >> 29)) + (low & in_block));
  }
};
