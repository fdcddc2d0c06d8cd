#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "jobs/enum_text.hpp"
#include "jobs/time.hpp"

namespace jobq {

/// What an attempt came to.
enum class outcome_kind {
  succeeded,
  failed,
  timed_out,
  crashed,
  cancelled,
  snoozed,
  interrupted
};

inline constexpr enum_words<outcome_kind, 7> outcome_kind_words{
    {{outcome_kind::succeeded, "succeeded"},
     {outcome_kind::failed, "failed"},
     {outcome_kind::timed_out, "timed_out"},
     {outcome_kind::crashed, "crashed"},
     {outcome_kind::cancelled, "cancelled"},
     {outcome_kind::snoozed, "snoozed"},
     {outcome_kind::interrupted, "interrupted"}}};

/// How the process ended that an attempt was made in.
struct process_end {
  std::optional<int> exit_code;
  std::optional<int> signal;     ///< the signal that killed it
  std::uint64_t peak_memory = 0; ///< bytes resident at most; 0: not known
  std::string output;            ///< the last 4 KiB that it wrote

  friend bool operator==(const process_end&, const process_end&) = default;
};

/// The result of one execution of a job function, as a value.
struct outcome {
  outcome_kind kind = outcome_kind::succeeded;
  std::string message;   ///< what it did, from the function
  std::string error;     ///< why it did not, empty on success
  bool retryable = true; ///< of `failed`: false goes to `discarded`
  /// Of `failed`: it is known to be worth another try, which `max_attempts`
  /// does not refuse. Heeded when the attempt ends, and not kept.
  bool asks_retry = false;
  milliseconds snooze{0}; ///< of `snoozed`
  std::uint64_t items_processed = 0;
  std::uint64_t items_failed = 0;
  std::map<std::string, std::int64_t> counters;
  /// Of a process of the attempt's own that ended: a program that ran as a job,
  /// or a job host that died.
  std::optional<process_end> process;

  friend bool operator==(const outcome&, const outcome&) = default;
};

/// One finished execution of a run.
struct attempt {
  std::uint32_t number = 0; ///< from 1
  time_point started_at{};
  time_point finished_at{};
  jobq::outcome outcome;

  friend bool operator==(const attempt&, const attempt&) = default;
};

} // namespace jobq
