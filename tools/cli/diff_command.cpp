#include <chrono>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "jobs/schedule_diff.hpp"
#include "tools/cli/command.hpp"
#include "tools/cli/settings.hpp"
#include "tools/cli/table.hpp"
#include "tools/cli/values.hpp"

namespace jobq {

namespace {

json time_or_null(const std::optional<time_point>& at) {
  return at ? json(format_utc(*at)) : json();
}

std::string_view kind_of(const tick_change& one) {
  return one.before && one.after ? "moved" : one.before ? "removed" : "added";
}

json difference_object(const schedule_difference& found) {
  json document;
  document["job"] = found.job;
  document["was"] = word_of(schedule_presence_words, found.before);
  document["is"] = word_of(schedule_presence_words, found.after);
  document["ticks_before"] = found.ticks_before;
  document["ticks_after"] = found.ticks_after;
  document["kept"] = found.kept;
  document["added"] = found.added;
  document["removed"] = found.removed;
  document["moved"] = found.moved;
  document["first"] = json::array();
  for (const auto& one : found.first)
    document["first"].push_back({{"change", kind_of(one)},
                                 {"from", time_or_null(one.before)},
                                 {"to", time_or_null(one.after)}});
  return document;
}

/// What happened to the job itself, in words.
std::string change_of(const schedule_difference& found) {
  if (found.before == found.after)
    return "schedule";
  if (found.before == schedule_presence::absent)
    return found.after == schedule_presence::on ? "new job" : "new job, off";
  if (found.after == schedule_presence::absent)
    return "job removed";
  return found.after == schedule_presence::on ? "turned on" : "turned off";
}

std::string difference_table(const std::vector<schedule_difference>& all,
                             const style& look) {
  std::vector<table_row> rows;
  for (const auto& found : all)
    rows.push_back({{found.job, tone::strong},
                    {change_of(found), tone::plain},
                    {std::to_string(found.ticks_before), tone::plain},
                    {std::to_string(found.ticks_after), tone::plain},
                    {std::to_string(found.kept), tone::plain},
                    {std::to_string(found.added), tone::plain},
                    {std::to_string(found.removed), tone::plain},
                    {std::to_string(found.moved), tone::plain}});
  return render_table({"JOB", "CHANGE", "TICKS BEFORE", "AFTER", "KEPT",
                       "ADDED", "REMOVED", "MOVED"},
                      rows, look);
}

std::string change_lines(const schedule_difference& found, const style& look) {
  std::string text;
  const auto told
      = [&](time_point at) { return format_in_zone(at, look.zone); };
  for (const auto& one : found.first) {
    if (one.before && one.after)
      text += paint(look, tone::warn,
                    "~ " + told(*one.before) + " -> " + told(*one.after));
    else if (one.before)
      text += paint(look, tone::bad, "- " + told(*one.before));
    else
      text += paint(look, tone::good, "+ " + told(*one.after));
    text += "  " + found.job + "\n";
  }
  const auto more
      = found.added + found.removed + found.moved - found.first.size();
  if (more > 0 && !found.first.empty())
    text += paint(look, tone::dim, "  and " + std::to_string(more) + " more")
            + "\n";
  return text;
}

} // namespace

exit_code diff_command(command_context& context) {
  const auto& line = context.line;
  const auto days = whole_number(line, "days", 7, 1, 366);
  if (!days)
    return complain(context.out, days.error());
  const auto examples = whole_number(line, "count", 3, 0, 1000);
  if (!examples)
    return complain(context.out, examples.error());
  const auto given = instant_of(line, "from");
  if (!given)
    return complain(context.out, given.error());
  const auto before = valid_config(line.positionals[0]);
  if (!before)
    return complain(context.out, before.error());
  const auto after = valid_config(line.positionals[1]);
  if (!after)
    return complain(context.out, after.error());
  const auto from = given->value_or(
      std::chrono::floor<milliseconds>(std::chrono::system_clock::now()));
  const auto found = compare_schedules(*before, *after, from,
                                       from + std::chrono::days{*days},
                                       static_cast<std::size_t>(*examples));
  if (context.out.json()) {
    for (const auto& one : found)
      context.out.print(json_line(difference_object(one)) + "\n");
    return exit_code::ok;
  }
  if (found.empty()) {
    context.out.note("no tick differs within " + std::to_string(*days)
                     + " days");
    return exit_code::ok;
  }
  auto text = difference_table(found, context.out.look());
  std::string changes;
  for (const auto& one : found)
    changes += change_lines(one, context.out.look());
  context.out.print(text + (changes.empty() ? "" : "\n") + changes);
  return exit_code::ok;
}

} // namespace jobq
