#include <chrono>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "jobs/cron_explain.hpp"
#include "jobs/names.hpp"
#include "tools/cli/calendar.hpp"
#include "tools/cli/command.hpp"
#include "tools/cli/settings.hpp"
#include "tools/cli/values.hpp"

namespace jobq {

namespace {

constexpr int most_months = 24;

/// A schedule, where its times are read, and where they are shown.
struct asked_schedule {
  cron_schedule schedule;
  time_zone zone;
  time_zone shown;
  dst_gap gap = dst_gap::automatic;
  dst_overlap overlap = dst_overlap::automatic;
};

result<asked_schedule> schedule_of_job(const arguments& line,
                                       const std::string& name,
                                       std::optional<time_zone> shown) {
  const auto config = valid_config(config_file_of(line));
  if (!config)
    return tl::unexpected(config.error());
  const auto* job = config->find_job(name);
  if (job == nullptr) {
    std::vector<std::string> names;
    for (const auto& each : config->jobs)
      names.push_back(each.name);
    return fail(errc::not_found,
                "job \"" + name + "\" not found" + did_you_mean(name, names));
  }
  if (!job->schedule)
    return fail(errc::invalid_argument,
                "job \"" + name + "\" has no schedule: it runs by hand only");
  return asked_schedule{*job->schedule, job->timezone,
                        shown.value_or(job->timezone), job->gap, job->overlap};
}

result<asked_schedule> read_schedule(const arguments& line) {
  const auto zone = zone_of(line);
  if (!zone)
    return tl::unexpected(zone.error());
  const auto job = line.value("job");
  if (job && !line.positionals.empty())
    return fail(errc::invalid_argument, "give EXPR or --job, not both");
  if (job)
    return schedule_of_job(line, *job, *zone);
  if (line.positionals.empty())
    return fail(errc::invalid_argument,
                "EXPR is missing; type: jobq next \"0 */30 * * * *\", or jobq "
                "next --job NAME");
  const auto schedule = cron_schedule::parse(line.positionals[0]);
  if (!schedule)
    return tl::unexpected(schedule.error());
  const auto read_in = zone->value_or(time_zone::utc());
  return asked_schedule{*schedule, read_in, read_in};
}

} // namespace

exit_code next_command(command_context& context) {
  const auto& line = context.line;
  const auto calendar = line.has("calendar");
  if (calendar && context.out.json())
    return complain(context.out,
                    {errc::invalid_argument,
                     "--calendar is a picture and takes no --json; leave "
                     "--calendar away"});
  const auto count = calendar ? whole_number(line, "count", 3, 1, most_months)
                              : whole_number(line, "count", 5, 1, 1000);
  if (!count)
    return complain(context.out, count.error());
  const auto from = instant_of(line, "from");
  if (!from)
    return complain(context.out, from.error());
  const auto asked = read_schedule(line);
  if (!asked)
    return complain(context.out, asked.error());
  const auto begin = from->value_or(
      std::chrono::floor<milliseconds>(std::chrono::system_clock::now()));
  if (calendar) {
    context.out.print(
        render_calendar({asked->schedule, asked->zone, asked->gap,
                         asked->overlap, begin, static_cast<int>(*count)},
                        context.out.look()));
    return exit_code::ok;
  }
  const auto fires = explain_next(asked->schedule, asked->zone, begin,
                                  static_cast<std::size_t>(*count), asked->gap,
                                  asked->overlap);
  if (context.out.json()) {
    auto times = json::array();
    for (const auto& fire : fires)
      times.push_back(format_in_zone(fire.at, asked->shown));
    context.out.print(json_line(times) + "\n");
    return exit_code::ok;
  }
  std::string text;
  for (const auto& fire : fires) {
    text += format_in_zone(fire.at, asked->shown);
    if (!fire.note.empty() && !context.out.quiet())
      text += "  " + paint(context.out.look(), tone::dim, "# " + fire.note);
    text += "\n";
  }
  context.out.print(text);
  return exit_code::ok;
}

} // namespace jobq
