#include "tools/cli/render_runs.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <deque>
#include <sstream>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "tools/cli/table.hpp"
#include "tools/cli/text.hpp"

namespace jobq {

namespace {

/// What a run or attempt says for itself: its error, message or reason.
std::string said_by(const json& run) {
  for (const auto* field : {"error", "message", "reason"})
    if (has_value(run, field))
      return text_of(run, field);
  return "";
}

std::string attempts_text(const json& run) {
  return text_or(run, "attempt", "0") + "/" + text_or(run, "max_attempts", "1");
}

std::string field_line(const std::string& name, const std::string& value) {
  return "  " + padded(name, 14) + value + "\n";
}

/// How the attempt's process ended, and the last lines that it wrote.
std::string process_lines(const json& process, const style& look) {
  constexpr std::size_t most = 20;
  std::string text;
  if (has_value(process, "signal"))
    text = "signal " + text_of(process, "signal");
  if (has_value(process, "exit_code"))
    text = "exit code " + text_of(process, "exit_code");
  if (has_value(process, "peak_memory"))
    text += (text.empty() ? "" : ", ") + std::string{"peak memory "}
            + size_text(number_of(process, "peak_memory"));
  if (!text.empty())
    text = "      process: " + text + "\n";
  if (!has_value(process, "output"))
    return text;
  std::istringstream output{process.at("output").get<std::string>()};
  std::deque<std::string> lines;
  for (std::string line; std::getline(output, line);) {
    lines.push_back(std::move(line));
    if (lines.size() > most)
      lines.pop_front();
  }
  for (const auto& line : lines)
    text += "      " + paint(look, tone::dim, "| " + printable(line)) + "\n";
  return text;
}

std::string attempt_lines(const json& attempt, const style& look) {
  const auto outcome = text_or(attempt, "outcome", "running");
  auto text = "  " + padded(text_of(attempt, "number"), 4)
              + time_of(attempt, "started_at", look, false) + "  "
              + duration_field(attempt, "duration_ms") + "  "
              + paint(look, tone_of_status(outcome), outcome);
  const auto said = said_by(attempt);
  if (!said.empty())
    text += ": " + said;
  text += "\n";
  if (!part_of(attempt, "counters").empty())
    text += "      " + pairs_of(attempt, "counters") + "\n";
  if (has_value(attempt, "process"))
    text += process_lines(part_of(attempt, "process"), look);
  return text;
}

} // namespace

std::string run_name(const json& run) {
  if (has_value(run, "job"))
    return text_of(run, "job");
  return text_of(run, "extension") + "." + text_of(run, "function");
}

std::string run_status(const json& run) {
  const auto state = text_of(run, "state");
  const auto final
      = state == "completed" || state == "discarded" || state == "cancelled";
  if (!final || state == "cancelled" || !has_value(run, "outcome"))
    return state;
  return text_of(run, "outcome");
}

std::string render_history(const json& runs, const style& look) {
  std::vector<table_row> rows;
  for (const auto& run : runs) {
    const auto status = run_status(run);
    rows.push_back({{time_of(run, "finished_at", look), tone::plain},
                    {run_name(run), tone::plain},
                    {status, tone_of_status(status)},
                    {duration_field(run, "duration_ms"), tone::plain},
                    {text_of(run, "trigger"), tone::plain},
                    {attempts_text(run), tone::plain},
                    {text_of(run, "id"), tone::dim},
                    {said_by(run), tone::plain}});
  }
  return render_table({"FINISHED", "JOB", "STATUS", "TOOK", "TRIGGER",
                       "ATTEMPT", "ID", "MESSAGE"},
                      rows, look);
}

std::string render_completion(const json& run, const style& look) {
  const auto status = run_status(run);
  auto line = time_of(run, "finished_at", look) + "  " + run_name(run) + "  "
              + paint(look, tone_of_status(status), status) + "  "
              + duration_field(run, "duration_ms") + "  " + text_of(run, "id");
  const auto said = said_by(run);
  if (!said.empty())
    line += "  " + said;
  return line + "\n";
}

std::string render_queue(const json& runs, const style& look) {
  std::vector<table_row> rows;
  for (const auto& run : runs) {
    const auto state = text_of(run, "state");
    rows.push_back({{text_of(run, "id"), tone::plain},
                    {run_name(run), tone::plain},
                    {state, tone_of_status(state)},
                    {text_of(run, "queue"), tone::plain},
                    {text_or(run, "priority", "0"), tone::plain},
                    {text_of(run, "trigger"), tone::plain},
                    {attempts_text(run), tone::plain},
                    {time_of(run, "scheduled_at", look), tone::plain},
                    {said_by(run), tone::plain}});
  }
  return render_table({"ID", "JOB", "STATE", "QUEUE", "PRIORITY", "TRIGGER",
                       "ATTEMPT", "SCHEDULED", "MESSAGE"},
                      rows, look);
}

std::string render_run(const json& run, const style& look) {
  const auto state = text_of(run, "state");
  auto text = paint(look, tone::strong, text_of(run, "id")) + "\n";
  text += field_line("job", text_or(run, "job", "-"));
  text += field_line("function", text_of(run, "extension") + "."
                                     + text_of(run, "function"));
  text += field_line(
      "state",
      paint(look, tone_of_status(state), state)
          + (has_value(run, "reason") ? ": " + text_of(run, "reason") : ""));
  text += field_line("trigger", text_of(run, "trigger"));
  text += field_line("queue", text_of(run, "queue") + ", priority "
                                  + text_or(run, "priority", "0"));
  text += field_line("parameters", pairs_of(run, "parameters"));
  text += field_line("nominal time", time_of(run, "nominal_time", look, false));
  text += field_line("created", time_of(run, "created_at", look, false));
  text += field_line("scheduled", time_of(run, "scheduled_at", look, false));
  text += field_line("started", time_of(run, "started_at", look, false));
  text += field_line("finished", time_of(run, "finished_at", look, false));
  text += field_line("attempts", attempts_text(run));
  if (number_of(run, "missed_count") > 0)
    text += field_line("stands for",
                       text_of(run, "missed_count") + " missed ticks");
  const auto& attempts = part_of(run, "attempts");
  text += "\n" + paint(look, tone::strong, "Attempts") + "\n";
  if (attempts.empty())
    text += "  none finished yet\n";
  for (const auto& attempt : attempts)
    text += attempt_lines(attempt, look);
  return text;
}

std::string render_result(const json& run, const style& look) {
  const auto status = run_status(run);
  const auto good = text_of(run, "state") == "completed";
  const std::string mark
      = look.unicode ? (good ? "✓ " : "✗ ") : (good ? "ok " : "FAIL ");
  auto line = paint(look, good ? tone::good : tone::bad,
                    mark + run_name(run) + " " + status);
  if (has_value(run, "duration_ms"))
    line += " in " + duration_field(run, "duration_ms");
  const auto said = said_by(run);
  if (!said.empty())
    line += ": " + said;
  line += " (" + text_or(run, "items_processed", "0") + " processed, "
          + text_or(run, "items_failed", "0") + " failed";
  if (!part_of(run, "counters").empty())
    line += "; " + pairs_of(run, "counters");
  line += ")";
  if (run.is_object() && run.contains("enforce") && !flag_of(run, "enforce"))
    line += " [dry run: nothing was changed]";
  return line + "  " + paint(look, tone::dim, text_of(run, "id")) + "\n";
}

std::string render_progress(const std::string& name, double fraction,
                            const std::string& message, const style& look) {
  constexpr std::size_t bar_width = 24;
  const auto share
      = std::isfinite(fraction) ? std::clamp(fraction, 0.0, 1.0) : 0.0;
  const auto full
      = static_cast<std::size_t>(std::lround(share * double{bar_width}));
  std::string bar;
  for (std::size_t at = 0; at < bar_width; ++at)
    bar += at < full ? (look.unicode ? "█" : "#") : (look.unicode ? "░" : "-");
  const auto percent = std::to_string(std::lround(share * 100));
  auto line = printable(name) + " [" + bar + "] "
              + std::string(3 - std::min<std::size_t>(3, percent.size()), ' ')
              + percent + "%";
  if (!message.empty())
    line += " " + printable(message);
  return look.width > 1 ? cut(line, look.width - 1, look.unicode) : line;
}

} // namespace jobq
