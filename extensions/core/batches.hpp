#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "extensions/core/core_jobs.hpp"

namespace jobq {

/// The most rows that one transaction deletes.
inline constexpr std::int64_t batch_rows = 1000;

/// Earlier than every time that the tables hold.
inline constexpr const char* beginning_of_time = "0001-01-01T00:00:00.000Z";

/// Where a walk through an index (age, key) goes on.
struct age_mark {
  std::string age = beginning_of_time;
  std::string key;
};

/// The text of the instant so long before the run's now.
std::string moment_before(const core_call& call, milliseconds age);

/// Rows that a step deletes, by a condition that an index serves.
struct delete_step {
  std::string table;
  std::string key; ///< the table's primary key
  std::string condition;
  sql_parameters parameters;
};

/// Deletes the rows in batches, each a transaction, or counts them when the run
/// must not change anything. Adds to `count` what is committed.
/// @returns false when the run was stopped before the end.
bool delete_rows(core_call& call, const delete_step& step, std::int64_t& count);

/// Runs `batch` once per transaction until it says that it is done.
/// @param batch returns whether there is more
/// @returns false when the run was stopped before the end
bool in_batches(core_call& call, const std::function<bool()>& batch);

} // namespace jobq
