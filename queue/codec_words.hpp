#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "jobs/run.hpp"
#include "jobs/tick.hpp"
#include "records.pb.h"

/// Enums and small values between our types and the records. Private to the
/// codec. A record's enum is ours plus one, since zero means absent there; the
/// assertions pin the values that stand in stores.
namespace jobq::codec {

static_assert(static_cast<int>(run_state::cancelled) + 1 == record::CANCELLED);
static_assert(static_cast<int>(run_state::running) + 1 == record::RUNNING);
static_assert(static_cast<int>(trigger::bootstrap) + 1 == record::BOOTSTRAP);
static_assert(static_cast<int>(trigger::api) + 1 == record::API);
static_assert(static_cast<int>(outcome_kind::interrupted) + 1
              == record::INTERRUPTED);
static_assert(static_cast<int>(outcome_kind::crashed) + 1 == record::CRASHED);
static_assert(static_cast<int>(backoff_type::polynomial) + 1
              == record::POLYNOMIAL);
static_assert(static_cast<int>(tick_fate::engine_down) + 1
              == record::ENGINE_DOWN);
static_assert(static_cast<int>(tick_fate::expired) + 1 == record::EXPIRED);

template <class Record, class Ours>
Record to_record(Ours value) {
  return static_cast<Record>(static_cast<int>(value) + 1);
}

/// Absent and unknown values are faults: a newer version that adds one raises
/// the format.
template <class Ours>
bool from_record(int value, int highest, Ours& to) {
  if (value < 1 || value > highest)
    return false;
  to = static_cast<Ours>(value - 1);
  return true;
}

inline std::int64_t count_of(time_point at) {
  return at.time_since_epoch().count();
}

inline time_point time_of(std::int64_t count) {
  return time_point{milliseconds{count}};
}

/// The 16 bytes of `id`, which it outlives.
inline std::string_view bytes_of(const run_id& id) {
  return {reinterpret_cast<const char*>(id.raw().data()), id.raw().size()};
}

inline bool read_id(const std::string& bytes, run_id& to) {
  run_id::bytes raw{};
  if (bytes.size() != raw.size())
    return false;
  for (std::size_t i = 0; i < raw.size(); ++i)
    raw[i] = static_cast<std::uint8_t>(bytes[i]);
  to = run_id{raw};
  return true;
}

template <class Message>
bool parse(std::string_view bytes, Message& to) {
  return bytes.size() <= (1U << 30)
         && to.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
}

template <class Message>
std::optional<Message> parse(std::string_view bytes) {
  Message message;
  if (!parse(bytes, message))
    return std::nullopt;
  return message;
}

} // namespace jobq::codec
