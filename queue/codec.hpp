#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "jobs/error.hpp"
#include "jobs/run.hpp"
#include "jobs/tick.hpp"
#include "queue/keys.hpp"

/// Values to bytes and back. `records.proto` is the format. Each `decode` gives
/// `nullopt` for bytes that are no such record; it never throws.
namespace jobq::codec {

/// A run with what the store keeps beside it.
struct stored_run {
  jobq::run run;
  std::uint64_t sequence = 0; ///< of its latest completion, 0: none
  bool has_logs = false;
  std::string unknown; ///< fields of a newer version, kept as they are
};

struct claim_member {
  run_id id;
  std::uint32_t attempt = 0;
};

/// What one claim command took.
struct claim_record {
  std::string owner;
  time_point started_at{};
  std::vector<claim_member> members;
};

struct chunk_entry {
  std::uint64_t sequence = 0;
  run_id id;
  keys::name_id job = 0;
  run_state state = run_state::completed;
  time_point finished_at{};
};
using chunk = std::vector<chunk_entry>;

using state_counts = std::array<std::uint64_t, run_state_words.size()>;

struct job_counters {
  state_counts live{};
  state_counts finished{};
  std::uint64_t run_count = 0;
  std::optional<run_id> last_run;
  std::optional<time_point> last_started_at;
  std::optional<time_point> last_finished_at;
  std::optional<run_state> last_state;
  double mean_duration = 0; ///< milliseconds
  std::uint64_t successes = 0;
  std::uint64_t scheduled_running = 0;
  std::uint64_t scheduled_waiting = 0;
  /// A claim writes no counters. Those of lesser numbers are in it, 0: all.
  std::uint64_t claims_below = 0;
};

struct queue_counters {
  state_counts live{};
  std::uint64_t claims_below = 0; ///< as of job_counters
};

/// Up to which sequence finished runs of each state have been expired.
using expiry_marks = std::map<run_state, std::uint64_t>;

/// Replaces `to` by the record of `value`; its id is not in it.
void encode(const stored_run& value, std::string& to);
inline std::string encode(const stored_run& value) {
  std::string bytes;
  encode(value, bytes);
  return bytes;
}
std::optional<stored_run> decode_run(const run_id& id, std::string_view bytes);
/// As `decode_run`, into a fresh `to`, which is left in pieces where the bytes
/// are no run.
bool decode_run(const run_id& id, std::string_view bytes, stored_run& to);

std::string encode(const claim_record& value);
std::optional<claim_record> decode_claim(std::string_view bytes);

std::string encode(const chunk& value);
std::optional<chunk> decode_chunk(std::string_view bytes);

/// Job and nominal time stand in the key; `decode_tick` leaves them to the
/// caller.
std::string encode(const tick& value);
std::optional<tick> decode_tick(std::string_view bytes);

std::string encode(const job_cursor& value);
std::optional<job_cursor> decode_cursor(std::string_view bytes);

std::string encode(const job_switch& value);
std::optional<job_switch> decode_switch(std::string_view bytes);

std::string encode(const job_counters& value);
std::optional<job_counters> decode_job_counters(std::string_view bytes);

std::string encode(const queue_counters& value);
std::optional<queue_counters> decode_queue_counters(std::string_view bytes);

std::string encode(const expiry_marks& value);
std::optional<expiry_marks> decode_expiry_marks(std::string_view bytes);

} // namespace jobq::codec
