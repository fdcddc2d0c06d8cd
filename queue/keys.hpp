#pragma once

#include <array>
#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

#include "jobs/run.hpp"
#include "jobs/run_id.hpp"
#include "jobs/time.hpp"
#include "queue/short_key.hpp"

/// The keys of the RocksDB store. Every part has a fixed width and is
/// big-endian, so that byte order is the order in which things are wanted.
///
/// ```text
/// id       16 bytes of a run_id          n#   32 bits, a name's number
/// time     64 bits, milliseconds since 1970 with the sign bit flipped
/// rank     8 bits, 100 - priority        seq  64 bits, a completion's sequence
///
/// column family `default`: what is small and wanted at open
///   "format"                 the format's version in decimal digits
///   "sequence"               seq handed out last
///   "expiry"                 ExpiryMarks
///   n 'j' name               n# of a job's name          (never deleted)
///   n 'q' name               n# of a queue's name        (never deleted)
///   u n#job                  Cursor
///   w n#job                  Switch
///   s n#job                  JobCounters
///   g n#queue                QueueCounters
///   v key-prefix             low-water mark: no key of that index lies below
///
/// column family `runs`
///   r id                     Run, for its whole life; as it was before its
///                            claim while it runs (claims write only `c`)
///   q n#queue rank time id   available and running runs: brief
///   t time id                scheduled and retryable runs: brief
///   p n#job time id          available serial runs that wait for their job's
///                            running one: brief; such a run has no `q`
///   o n#job id               unfinished runs that stand in for ticks: brief
///   c 64 bits                Claim; all its members ended: deleted
///   l id attempt(32)         log of an attempt, as it is
///
/// column family `history`
///   h seq                    Chunk; seq is its last entry's
///   j n#job seq              empty: chunk `h seq` holds runs of that job
///   x state(8) seq           empty: ... runs that ended so (not completed)
///   k n#job time             Tick; a stretch stands under its first tick
///
/// brief = n#job state(8): enough to filter a listing without reading `r`
/// ```
namespace jobq::keys {

/// Raised when an older program could misread the store. 2: runs without their
/// id and what is usual, counters without the latest claims; what 1 wrote is
/// read as it is.
inline constexpr std::uint32_t format_version = 2;

using name_id = std::uint32_t;

// To a `std::string` or a `short_key`.
template <class To>
void put8(To& to, std::uint8_t value) {
  to.push_back(static_cast<char>(value));
}

template <std::unsigned_integral Number, class To>
void put_number(To& to, Number value) {
  std::array<char, sizeof value> bytes;
  for (auto at = bytes.rbegin(); at != bytes.rend(); ++at, value >>= 8)
    *at = static_cast<char>(value & 0xff);
  to.append(bytes.data(), bytes.size());
}

template <class To>
void put32(To& to, std::uint32_t value) {
  put_number(to, value);
}

template <class To>
void put64(To& to, std::uint64_t value) {
  put_number(to, value);
}

template <class To>
void put_time(To& to, time_point at) {
  put64(to, static_cast<std::uint64_t>(at.time_since_epoch().count())
                ^ (std::uint64_t{1} << 63));
}

template <class To>
void put_id(To& to, const run_id& id) {
  to.append(reinterpret_cast<const char*>(id.raw().data()), id.raw().size());
}

/// Reads `width` bytes at `offset`; bytes beyond the end count as zero.
inline std::uint64_t read_number(std::string_view from, std::size_t offset,
                                 std::size_t width) {
  std::uint64_t value = 0;
  for (auto i = offset; i < offset + width; ++i)
    value = (value << 8)
            | (i < from.size() ? static_cast<unsigned char>(from[i]) : 0U);
  return value;
}

inline std::uint32_t read32(std::string_view from, std::size_t offset) {
  return static_cast<std::uint32_t>(read_number(from, offset, 4));
}

inline std::uint64_t read64(std::string_view from, std::size_t offset) {
  return read_number(from, offset, 8);
}

inline time_point read_time(std::string_view from, std::size_t offset) {
  auto raw = read64(from, offset) ^ (std::uint64_t{1} << 63);
  return time_point{milliseconds{static_cast<std::int64_t>(raw)}};
}

inline run_id read_id(std::string_view from, std::size_t offset) {
  run_id::bytes raw{};
  for (std::size_t i = 0; i < raw.size() && offset + i < from.size(); ++i)
    raw[i] = static_cast<std::uint8_t>(from[offset + i]);
  return run_id{raw};
}

/// The id that ends an `r`, `q`, `t`, `p` or `o` key.
inline run_id trailing_id(std::string_view key) {
  return key.size() < 16 ? run_id{} : read_id(key, key.size() - 16);
}

inline constexpr std::string_view format = "format";
inline constexpr std::string_view sequence = "sequence";
inline constexpr std::string_view expiry = "expiry";

template <class Key = std::string>
Key numbered(char kind, std::uint32_t number) {
  Key key;
  key.push_back(kind);
  put32(key, number);
  return key;
}

inline std::string job_name(std::string_view name) {
  return std::string{"nj"}.append(name);
}
inline std::string queue_name(std::string_view name) {
  return std::string{"nq"}.append(name);
}
inline std::string cursor(name_id job) {
  return numbered('u', job);
}
inline std::string job_switch(name_id job) {
  return numbered('w', job);
}
inline std::string job_counters(name_id job) {
  return numbered('s', job);
}
inline std::string queue_counters(name_id queue) {
  return numbered('g', queue);
}
inline std::string low_water(std::string_view prefix) {
  return std::string{"v"}.append(prefix);
}

inline constexpr std::string_view run_prefix = "r";
inline short_key run(const run_id& id) {
  short_key key;
  key.push_back('r');
  put_id(key, id);
  return key;
}

inline constexpr std::size_t ready_prefix_size = 5;
inline std::string ready_prefix(name_id queue) {
  return numbered('q', queue);
}

inline short_key ready(name_id queue, const jobq::run& value) {
  auto key = numbered<short_key>('q', queue);
  auto rank = 100 - value.priority;
  put8(key, static_cast<std::uint8_t>(rank < 0 ? 0 : rank > 255 ? 255 : rank));
  put_time(key, value.scheduled_at);
  put_id(key, value.id);
  return key;
}

inline constexpr std::string_view timer_prefix = "t";
inline short_key timer(const jobq::run& value) {
  short_key key;
  key.push_back('t');
  put_time(key, value.scheduled_at);
  put_id(key, value.id);
  return key;
}
inline time_point timer_time(std::string_view key) {
  return read_time(key, 1);
}

inline std::string parked_prefix(name_id job) {
  return numbered('p', job);
}
inline short_key parked(name_id job, const jobq::run& value) {
  auto key = numbered<short_key>('p', job);
  put_time(key, value.nominal_time.value_or(value.scheduled_at));
  put_id(key, value.id);
  return key;
}

inline std::string unfinished_prefix(name_id job) {
  return numbered('o', job);
}
inline short_key unfinished(name_id job, const run_id& id) {
  auto key = numbered<short_key>('o', job);
  put_id(key, id);
  return key;
}

inline constexpr std::string_view claim_prefix = "c";
inline std::string claim(std::uint64_t number) {
  std::string key = "c";
  put64(key, number);
  return key;
}

inline std::string log_prefix(const run_id& id) {
  std::string key = "l";
  key.reserve(21);
  put_id(key, id);
  return key;
}
inline std::string log(const run_id& id, std::uint32_t attempt) {
  auto key = log_prefix(id);
  put32(key, attempt);
  return key;
}

inline std::string chunk(std::uint64_t last) {
  std::string key = "h";
  put64(key, last);
  return key;
}
inline std::string by_job_prefix(name_id job) {
  return numbered('j', job);
}
inline std::string by_job(name_id job, std::uint64_t last) {
  auto key = by_job_prefix(job);
  put64(key, last);
  return key;
}
inline std::string by_state_prefix(run_state state) {
  std::string key = "x";
  put8(key, static_cast<std::uint8_t>(state));
  return key;
}
inline std::string by_state(run_state state, std::uint64_t last) {
  auto key = by_state_prefix(state);
  put64(key, last);
  return key;
}
/// The sequence that ends an `h`, `j` or `x` key.
inline std::uint64_t trailing_sequence(std::string_view key) {
  return key.size() < 8 ? 0 : read64(key, key.size() - 8);
}

inline std::string tick_prefix(name_id job) {
  return numbered('k', job);
}
inline std::string tick(name_id job, time_point nominal) {
  auto key = tick_prefix(job);
  put_time(key, nominal);
  return key;
}

/// The least key that is greater than all keys that begin with `prefix`.
inline std::string end_of(std::string prefix) {
  while (!prefix.empty()) {
    auto last = static_cast<unsigned char>(prefix.back());
    if (last != 0xff) {
      prefix.back() = static_cast<char>(last + 1);
      return prefix;
    }
    prefix.pop_back();
  }
  return prefix;
}

struct brief {
  name_id job = 0;
  run_state state = run_state::available;
};

inline std::string encode_brief(name_id job, run_state state) {
  std::string value;
  put32(value, job);
  put8(value, static_cast<std::uint8_t>(state));
  return value;
}

inline brief decode_brief(std::string_view value) {
  return {read32(value, 0), static_cast<run_state>(read_number(value, 4, 1))};
}

} // namespace jobq::keys
