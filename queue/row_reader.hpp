#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "jobs/error.hpp"
#include "queue/rocksdb_database.hpp"

namespace jobq {

/// Reads single rows of a family for as long as a batch is being built. Rows
/// that follow one another on disk, as those of runs that waited in line do,
/// come out of one scan, which takes a fraction of what a search for each
/// takes; others are searched for. What it says is the state at `rest` or
/// later: rows that are written meanwhile must not be asked for.
class row_reader {
public:
  row_reader(const rocksdb_database& db, family where)
      : db_{&db}, where_{where} {}

  /// @returns the value, valid until the next call of a member, or `nullopt`
  ///   where there is none
  result<std::optional<std::string_view>> get(std::string_view key);

  /// Lets go of what it holds open. What was written before is seen from then
  /// on.
  void rest();

private:
  /// @returns whether the scan stands on the key now
  bool advance_to(std::string_view key);

  const rocksdb_database* db_;
  family where_;
  std::optional<scan> rows_;
  std::optional<std::string> found_; ///< by the latest search
  unsigned searched_ = 0;            ///< since `rest`, one by one
  unsigned strayed_ = 0;             ///< and how often the scan was of no use
};

} // namespace jobq
