#include "jobs/run_id.hpp"

#include <algorithm>
#include <cstddef>
#include <random>

namespace jobq {

namespace {

constexpr std::string_view digits = "0123456789abcdefghjkmnpqrstvwxyz";
constexpr std::size_t text_size = 26;

/// The value of a base 32 digit in either case, or -1.
int value_of_digit(char c) {
  if (c >= 'A' && c <= 'Z')
    c = static_cast<char>(c - 'A' + 'a');
  const auto at = digits.find(c);
  return at == std::string_view::npos ? -1 : static_cast<int>(at);
}

/// Spreads every input bit over all output bits (MurmurHash3's finalizer).
std::uint64_t mix(std::uint64_t x) noexcept {
  x ^= x >> 33;
  x *= 0xff51afd7ed558ccdULL;
  x ^= x >> 33;
  x *= 0xc4ceb9fe1a85ec53ULL;
  x ^= x >> 33;
  return x;
}

/// FNV-1a over the name, then over the nominal time, mixed. Fixed for ever:
/// stored ids depend on it.
struct tick_hash {
  std::uint64_t of_job;
  std::uint64_t of_tick;
};

tick_hash hash_tick(std::string_view job, std::uint64_t nominal) noexcept {
  std::uint64_t h = 0x9ae16a3b2f90404fULL;
  const auto add = [&h](std::uint64_t byte) {
    h ^= byte;
    h *= 0x100000001b3ULL;
  };
  for (const char c : job)
    add(static_cast<unsigned char>(c));
  const auto of_job = mix(h);
  for (int shift = 0; shift < 64; shift += 8)
    add((nominal >> shift) & 0xff);
  return {of_job, mix(h)};
}

/// Packs time and 80 further bits. Times outside the 48 bits stick to the ends.
run_id::bytes pack(time_point at, std::uint16_t high, std::uint64_t low) {
  constexpr std::int64_t max_time = (std::int64_t{1} << 48) - 1;
  const auto time = static_cast<std::uint64_t>(std::clamp<std::int64_t>(
      at.time_since_epoch().count(), std::int64_t{0}, max_time));
  run_id::bytes raw{};
  for (std::size_t i = 0; i < 6; ++i)
    raw[i] = static_cast<std::uint8_t>(time >> (40 - 8 * i));
  raw[6] = static_cast<std::uint8_t>(high >> 8);
  raw[7] = static_cast<std::uint8_t>(high);
  for (std::size_t i = 0; i < 8; ++i)
    raw[8 + i] = static_cast<std::uint8_t>(low >> (56 - 8 * i));
  return raw;
}

std::mt19937_64 seeded_generator() {
  std::random_device device;
  std::seed_seq seed{device(), device(), device(), device(),
                     device(), device(), device(), device()};
  return std::mt19937_64{seed};
}

} // namespace

run_id run_id::of_tick(std::string_view job, time_point nominal) {
  const auto time
      = static_cast<std::uint64_t>(nominal.time_since_epoch().count());
  const auto hash = hash_tick(job, time);
  return run_id{
      pack(nominal, static_cast<std::uint16_t>(hash.of_job), hash.of_tick)};
}

run_id run_id::of_repeat(const run_id& earlier, time_point nominal) {
  // No job's name has a space.
  return of_tick("repeat of " + earlier.to_string(), nominal);
}

run_id run_id::random(time_point created) {
  struct latest {
    time_point created = time_point::min();
    std::uint16_t high = 0;
    std::uint64_t low = 0;
  };
  thread_local auto generator = seeded_generator();
  thread_local latest one;
  // The next one of a moment follows the last, as with monotonic ULIDs.
  if (one.created != created || ++one.low == 0)
    one = {created, static_cast<std::uint16_t>(generator()), generator()};
  return run_id{pack(created, one.high, one.low)};
}

result<run_id> run_id::parse(std::string_view text) {
  const auto wrong = [&] {
    constexpr std::size_t shown = 40;
    std::string quoted;
    for (const char c : text.substr(0, shown))
      quoted += c >= ' ' && c <= '~' ? c : '?';
    if (text.size() > shown)
      quoted += "...";
    return fail(errc::invalid_argument,
                "\"" + quoted
                    + "\" is not a run id (26 characters of Crockford's base "
                      "32)");
  };
  // 26 digits hold 130 bits: the first one carries three.
  if (text.size() != text_size || value_of_digit(text[0]) > 7)
    return wrong();
  bytes raw{};
  unsigned buffer = 0;
  int bits = -2;
  std::size_t at = 0;
  for (const char c : text) {
    const int value = value_of_digit(c);
    if (value < 0)
      return wrong();
    buffer = (buffer << 5 | static_cast<unsigned>(value)) & 0x1fff;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      raw[at++] = static_cast<std::uint8_t>(buffer >> bits);
    }
  }
  return run_id{raw};
}

std::string run_id::to_string() const {
  std::string text;
  text.reserve(text_size);
  unsigned buffer = 0;
  int bits = 2; // two zero bits in front make 130
  for (const auto byte : raw_) {
    buffer = (buffer << 8 | byte) & 0xfff;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += digits[(buffer >> bits) & 31];
    }
  }
  return text;
}

time_point run_id::time() const noexcept {
  std::int64_t time = 0;
  for (std::size_t i = 0; i < 6; ++i)
    time = time << 8 | raw_[i];
  return time_point{milliseconds{time}};
}

} // namespace jobq
