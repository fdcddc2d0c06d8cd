#include "tools/cli/render_replay.hpp"

#include <vector>

#include <nlohmann/json.hpp>

#include "tools/cli/table.hpp"

namespace jobq {

namespace {

std::string counted(const json& document, std::string_view field,
                    const std::string& what) {
  const auto number = number_of(document, field);
  return std::to_string(number) + " " + what + (number == 1 ? "" : "s");
}

std::string plan_table(const json& plan, const style& look) {
  std::vector<table_row> rows;
  for (const auto& job : part_of(plan, "jobs"))
    rows.push_back({{text_of(job, "job"), tone::plain},
                    {text_or(job, "missed", "0"), tone::plain},
                    {time_of(job, "from", look), tone::plain},
                    {time_of(job, "to", look), tone::plain},
                    {text_of(job, "policy"), tone::plain},
                    {text_or(job, "runs", "0"), tone::strong},
                    {text_or(job, "ran", "0"), tone::plain},
                    {duration_field(job, "mean_duration_ms"), tone::plain},
                    {duration_field(job, "estimate_ms"), tone::plain},
                    {words_of(job, "competes_with"), tone::dim}});
  return render_table({"JOB", "MISSED", "FROM", "TO", "POLICY", "RUNS",
                       "RAN ALREADY", "MEAN", "TAKES", "COMPETES WITH"},
                      rows, look);
}

std::int64_t foreign_ticks(const json& plan) {
  std::int64_t total = 0;
  for (const auto& job : part_of(plan, "jobs"))
    total += number_of(job, "foreign");
  return total;
}

/// What a person may not expect of the plan.
std::string doubts(const json& plan, bool ranged) {
  std::string text;
  if (ranged && number_of(plan, "ran") > 0)
    text += counted(plan, "ran", "tick")
            + " of that range ran or were skipped by policy already; --again "
              "runs them, too\n";
  if (const auto foreign = foreign_ticks(plan); foreign > 0)
    text += std::to_string(foreign)
            + " missed ticks are of an earlier schedule and can't be "
              "replayed\n";
  if (!ranged && number_of(plan, "runs") == 0 && number_of(plan, "missed") > 0)
    text += "the jobs' catch-up policies run none of them; to run the ticks "
            "themselves name a range: jobq replay --from 2h\n";
  return text;
}

} // namespace

std::string render_replay(const json& plan, bool ranged, const style& look) {
  const auto skip = text_of(plan, "action") == "skip";
  std::string text;
  if (!part_of(plan, "jobs").empty())
    text += plan_table(plan, look) + "\n";
  text += counted(plan, "missed", "missed tick");
  if (skip)
    return text + " would be waived; to do it leave --plan away\n";
  text += ", " + counted(plan, "runs", "run") + " to make";
  if (number_of(plan, "runs") > 0)
    text += ", done in about " + duration_field(plan, "estimate_ms") + " with "
            + counted(plan, "workers", "worker") + " ("
            + time_of(plan, "done_at", look) + ")";
  text += "\n" + doubts(plan, ranged);
  if (number_of(plan, "runs") > 0)
    text += "to do it add --apply\n";
  return text;
}

} // namespace jobq
