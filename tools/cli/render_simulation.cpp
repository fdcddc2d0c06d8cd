#include "tools/cli/render_simulation.hpp"

#include <vector>

#include <nlohmann/json.hpp>

#include "tools/cli/table.hpp"

namespace jobq {

namespace {

table_cell number_cell(std::int64_t number, tone how = tone::plain) {
  return {std::to_string(number), number == 0 ? tone::dim : how};
}

table_cell number_cell(const json& document, std::string_view field,
                       tone how = tone::plain) {
  return number_cell(number_of(document, field), how);
}

std::int64_t sum(const json& counts) {
  std::int64_t total = 0;
  for (const auto& [name, count] : counts.items())
    total += number_of(counts, name);
  return total;
}

table_row row_of(const json& job) {
  const auto& ticks = part_of(job, "ticks");
  const auto missed = number_of(ticks, "engine_down")
                      + number_of(ticks, "expired")
                      + number_of(ticks, "over_limit");
  const auto off = number_of(ticks, "disabled") + number_of(ticks, "paused");
  return {
      {text_of(job, "job"), tone::strong},
      {duration_field(job, "duration_ms") + " " + text_of(job, "duration_from"),
       tone::plain},
      number_cell(sum(ticks)),
      number_cell(ticks, "fired"),
      number_cell(ticks, "coalesced"),
      number_cell(ticks, "skipped_overlap", tone::warn),
      number_cell(missed, tone::bad),
      number_cell(off),
      number_cell(job, "catch_ups"),
      number_cell(job, "timed_out", tone::bad),
      number_cell(job, "interrupted", tone::warn),
      number_cell(part_of(job, "peak_running"), "count"),
      {duration_field(job, "longest_wait_ms"), tone::plain}};
}

std::string peak_text(const json& document, std::string_view field,
                      const style& look) {
  const auto& peak = part_of(document, field);
  auto text = std::to_string(number_of(peak, "count"));
  if (has_value(peak, "at"))
    text += " (" + time_of(peak, "at", look) + ")";
  return text;
}

std::string busy_share(const json& document) {
  const auto tenths = number_of(document, "busy_per_mille");
  return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " %";
}

} // namespace

std::string render_simulation(const json& document, const style& look) {
  std::vector<table_row> rows;
  for (const auto& job : part_of(document, "jobs"))
    rows.push_back(row_of(job));
  auto text
      = render_table({"JOB", "DURATION", "TICKS", "FIRED", "COALESCED",
                      "SKIPPED", "MISSED", "OFF", "CATCH-UPS", "TIMED OUT",
                      "INTERRUPTED", "AT A TIME", "LONGEST WAIT"},
                     rows, look);
  const auto runs = number_of(document, "runs");
  const auto workers = number_of(document, "workers");
  text += "\n" + time_of(document, "from", look) + " to "
          + time_of(document, "to", look) + ": " + std::to_string(runs)
          + (runs == 1 ? " run" : " runs") + ", "
          + std::to_string(number_of(document, "unfinished"))
          + " unfinished at the end\n";
  text += std::to_string(workers) + (workers == 1 ? " worker" : " workers")
          + " busy for " + busy_share(document) + " of the time\n";
  text += "most runs at a time: " + peak_text(document, "peak_running", look)
          + ", most that waited for a worker or their turn: "
          + peak_text(document, "peak_waiting", look) + "\n";
  return text;
}

} // namespace jobq
