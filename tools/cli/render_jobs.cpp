#include "tools/cli/render_jobs.hpp"

#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "tools/cli/render_runs.hpp"
#include "tools/cli/table.hpp"
#include "tools/cli/text.hpp"

namespace jobq {

namespace {

table_cell enabled_cell(const json& job) {
  if (!flag_of(job, "enabled"))
    return {"no", tone::warn};
  if (has_value(job, "problem"))
    return {"yes, can't run", tone::bad};
  return {"yes", tone::good};
}

std::string field_line(const std::string& name, const std::string& value) {
  return "  " + padded(name, 18) + value + "\n";
}

std::string section(const std::string& title, const style& look) {
  return "\n" + paint(look, tone::strong, title) + "\n";
}

std::string enabled_text(const json& job, const style& look) {
  auto text = paint(look, flag_of(job, "enabled") ? tone::good : tone::warn,
                    flag_of(job, "enabled") ? "yes" : "no");
  if (has_value(job, "enabled_by") || has_value(job, "enabled_at"))
    text += ", by " + text_or(job, "enabled_by", "someone") + " at "
            + time_of(job, "enabled_at", look);
  if (has_value(job, "enabled_reason"))
    text += ": " + text_of(job, "enabled_reason");
  return text;
}

std::string limits_text(const json& limits) {
  const auto size = [&](const char* field) {
    return has_value(limits, field) ? size_text(number_of(limits, field))
                                    : std::string{"none"};
  };
  return "memory " + size("memory") + ", processor time "
         + duration_field(limits, "cpu_time_ms", "none") + ", log "
         + size("output");
}

std::string backoff_text(const json& job) {
  const auto& backoff = part_of(job, "backoff");
  if (!backoff.is_object())
    return "-";
  return text_of(backoff, "type") + ", base "
         + duration_field(backoff, "base_ms") + ", factor "
         + text_of(backoff, "factor") + ", at most "
         + duration_field(backoff, "max_ms") + ", jitter "
         + text_of(backoff, "jitter");
}

std::string policies(const json& whole, const style& look) {
  const auto& job = part_of(whole, "policies");
  auto text = section("Policies", look);
  text += field_line("queue", text_of(whole, "queue") + ", priority "
                                  + text_or(job, "priority", "0"));
  text += field_line("timeout", duration_field(job, "timeout_ms", "none"));
  text += field_line("attempts", text_of(job, "max_attempts")
                                     + ", crashes at most "
                                     + text_of(job, "max_crashes"));
  text += field_line("backoff", backoff_text(job));
  text += field_line("overlap", text_of(job, "overlap_policy"));
  text += field_line(
      "catch-up", text_of(job, "catchup") + ", window "
                      + duration_field(job, "catchup_window_ms") + ", at most "
                      + text_of(job, "catchup_limit") + ", missed after "
                      + duration_field(job, "misfire_threshold_ms"));
  text += field_line("start deadline",
                     duration_field(job, "start_deadline_ms", "none"));
  text += field_line("clock changes", "gap " + text_of(job, "dst_gap")
                                          + ", overlap "
                                          + text_of(job, "dst_overlap"));
  text += field_line("jitter", duration_field(job, "jitter_ms", "none"));
  text += field_line("isolation", text_of(job, "isolation"));
  text += field_line("limits", limits_text(part_of(job, "limits")));
  text += field_line("enforce", flag_of(job, "enforce")
                                    ? "yes"
                                    : "no: counts what it would do");
  text += field_line("parameters", pairs_of(job, "parameters"));
  return text;
}

/// What a person can do about a check that failed.
std::string hint_for(const std::string& check, const std::string& name) {
  const auto about
      = [&](const char* word) { return check.find(word) != std::string::npos; };
  if (about("enabled"))
    return "type: jobq enable " + name;
  if (about("cron") || about("schedule"))
    return "six fields, seconds first; try it: jobq next \"0 */30 * * * *\"";
  if (about("extension"))
    return "correct `extension` in the configuration, or list its library in "
           "`extensions`";
  if (about("function"))
    return "correct `job` in the configuration: it names the function";
  if (about("parameter"))
    return "correct `parameters` in the configuration";
  if (about("server") || about("tick") || about("scheduler"))
    return "schedules fire only while jobqd runs with `enabled: true`";
  return "see the configuration: jobq check";
}

std::string troubleshooting(const json& job, const style& look) {
  auto text = section("Troubleshooting", look);
  for (const auto& check : part_of(job, "checks")) {
    const auto good = flag_of(check, "ok");
    const auto name = text_of(check, "check");
    const std::string mark
        = look.unicode ? (good ? "✓" : "✗") : (good ? "ok" : "FAIL");
    text += "  " + paint(look, good ? tone::good : tone::bad, mark)
            + std::string(look.unicode ? 1 : 5 - mark.size(), ' ') + name;
    if (has_value(check, "message"))
      text += ": " + text_of(check, "message");
    text += "\n";
    if (!good)
      text += "       " + hint_for(name, text_of(job, "name")) + "\n";
  }
  return text;
}

} // namespace

std::string render_jobs(const json& jobs, const style& look) {
  std::vector<table_row> rows;
  for (const auto& job : jobs) {
    const auto status = text_or(job, "last_status", "-");
    rows.push_back({{text_of(job, "name"), tone::plain},
                    {text_of(job, "extension"), tone::plain},
                    {text_or(job, "schedule", "by hand"), tone::plain},
                    enabled_cell(job),
                    {time_of(job, "last_run", look), tone::plain},
                    {status, tone_of_status(status)},
                    {time_of(job, "next_run", look), tone::plain}});
  }
  return render_table({"NAME", "EXTENSION", "SCHEDULE", "ENABLED", "LAST RUN",
                       "LAST STATUS", "NEXT RUN"},
                      rows, look);
}

std::string render_job(const json& job, const style& look) {
  auto text = paint(look, tone::strong, text_of(job, "name")) + "\n";
  if (has_value(job, "description"))
    text += "  " + text_of(job, "description") + "\n";
  text += field_line("function",
                     text_of(job, "extension") + "." + text_of(job, "job"));
  text += field_line("enabled", enabled_text(job, look));
  if (has_value(job, "problem"))
    text += field_line("problem",
                       paint(look, tone::bad, text_of(job, "problem")));
  text += field_line("tags", words_of(job, "tags"));
  text += field_line("runs", text_or(job, "run_count", "0"));
  text += field_line("defined in", text_or(job, "place", "-"));

  text += section("Schedule", look);
  if (has_value(job, "schedule")) {
    text += field_line("expression", text_of(job, "schedule"));
    text += field_line("in words", text_or(job, "schedule_human", "-"));
    text += field_line("zone", text_or(job, "timezone", "UTC"));
  } else {
    text += "  none: runs by hand only\n";
  }
  const auto& ticks = part_of(job, "next_ticks");
  std::string label = "next ticks";
  for (const auto& tick : ticks) {
    const auto instant
        = tick.is_string() ? printable(tick.get<std::string>()) : "-";
    text += field_line(std::exchange(label, ""),
                       look.zone_given ? time_text(instant, look, true)
                                       : instant);
  }
  text += policies(job, look);
  text += section("Last runs", look);
  const auto& runs = part_of(job, "last_runs");
  text += runs.empty() ? "  none yet\n" : render_history(runs, look);
  text += troubleshooting(job, look);
  return text;
}

} // namespace jobq
