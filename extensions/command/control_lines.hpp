#pragma once

#include <bitset>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "extensions/job_function.hpp"

namespace jobq {

/// What a program says on its control descriptor: lines of JSON objects with
/// progress and results (docs/command.md). Whatever comes in, what is kept is
/// bounded, and each kind of fault is logged as a warning once.
class control_lines {
public:
  static constexpr std::size_t longest_line = 64 << 10; ///< bytes
  static constexpr std::size_t longest_text = 4 << 10;  ///< bytes, then cut
  static constexpr std::size_t longest_name = 100;      ///< of a counter
  static constexpr std::size_t most_counters = 100;

  /// `context` must outlive this.
  explicit control_lines(job_context& context) : context_{context} {}

  /// Takes the next bytes, cut anywhere.
  void feed(std::string_view bytes);

  /// There is no more. A last line without its end counts if it is whole.
  void finish();

  /// Hands the newest progress on to the context, unless that has been done.
  /// Apart from `feed`, so that a flood of lines is not a flood of reports.
  void report();

  /// Adds the results to an outcome. A message that it has already stays.
  void add_to(outcome& made) const;

private:
  enum fault {
    too_long,
    not_an_object,
    unknown_key,
    bad_progress,
    bad_text,
    bad_counter,
    too_many_counters,
    bad_count,
    fault_kinds
  };
  struct progress_report {
    double fraction = 0;
    std::string message;
  };
  struct line_reader;

  void end_line();
  void warn(fault kind, const std::string& message);

  job_context& context_;
  std::string line_; ///< the unfinished one
  bool skipping_ = false;
  std::bitset<fault_kinds> warned_;
  std::optional<progress_report> progress_; ///< not yet reported
  std::optional<std::string> message_;
  std::uint64_t items_processed_ = 0;
  std::uint64_t items_failed_ = 0;
  std::map<std::string, std::int64_t> counters_;
};

} // namespace jobq
