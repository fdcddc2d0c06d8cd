#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "jobs/names.hpp"
#include "jobs/simulation.hpp"
#include "tools/cli/command.hpp"
#include "tools/cli/measured.hpp"
#include "tools/cli/render_simulation.hpp"
#include "tools/cli/settings.hpp"
#include "tools/cli/values.hpp"

namespace jobq {

namespace {

namespace chrono = std::chrono;

/// What is simulated, and where its durations come from.
struct simulation_input {
  configuration config;
  simulation_request asked;
  std::map<std::string, std::string> sources; ///< by job
};

tl::unexpected<error> wrong(const std::string& option, const std::string& text,
                            const std::string& why) {
  return fail(errc::invalid_argument,
              "--" + option + ": \"" + text + "\": " + why);
}

/// `START/LENGTH`.
result<downtime> downtime_of(const std::string& text, time_point begin) {
  const std::string form
      = "write START/LENGTH, such as 2d/6h or 2027-03-28T01:00:00Z/90m";
  const auto slash = text.find('/');
  if (slash == std::string::npos)
    return wrong("downtime", text, form);
  const auto start = text.substr(0, slash);
  const auto length = parse_duration(text.substr(slash + 1));
  if (!length)
    return wrong("downtime", text, length.error().message + "; " + form);
  if (length->count() == 0)
    return wrong("downtime", text, "its length must be more than 0; " + form);
  if (const auto at = parse_rfc3339(start))
    return downtime{*at, *at + *length};
  const auto after = parse_duration(start);
  if (!after)
    return wrong("downtime", text, form);
  return downtime{begin + *after, begin + *after + *length};
}

result<void> read_downtimes(const arguments& line, simulation_request& asked) {
  for (const auto& text : line.values("downtime")) {
    const auto down = downtime_of(text, asked.from);
    if (!down)
      return tl::unexpected(down.error());
    if (down->from < asked.from || down->from >= asked.to)
      return wrong("downtime", text,
                   "it begins outside of what is simulated, "
                       + format_utc(asked.from) + " to "
                       + format_utc(asked.to));
    asked.downtimes.push_back(*down);
  }
  return {};
}

/// `[JOB=]DURATION`, of which a job's own outdoes what was measured.
result<void> read_durations(const arguments& line, simulation_input& input) {
  for (const auto& text : line.values("duration")) {
    const auto equals = text.find('=');
    const auto name = equals == std::string::npos ? "" : text.substr(0, equals);
    const auto length = parse_duration(
        equals == std::string::npos ? text : text.substr(equals + 1));
    if (!length)
      return wrong("duration", text,
                   length.error().message
                       + "; write DURATION or JOB=DURATION, such as 30s");
    if (equals == std::string::npos) {
      input.asked.other_durations = *length;
      continue;
    }
    if (input.config.find_job(name) == nullptr) {
      std::vector<std::string> names;
      for (const auto& job : input.config.jobs)
        names.push_back(job.name);
      return fail(errc::not_found, "--duration: job \"" + name + "\" not found"
                                       + did_you_mean(name, names));
    }
    input.asked.durations[name] = *length;
    input.sources[name] = "given";
  }
  return {};
}

result<simulation_input> read_input(command_context& context) {
  const auto& line = context.line;
  const auto days = whole_number(line, "days", 7, 1, 366);
  if (!days)
    return tl::unexpected(days.error());
  const auto spread = whole_number(line, "spread", 20, 0, 100);
  if (!spread)
    return tl::unexpected(spread.error());
  const auto from = instant_of(line, "from");
  if (!from)
    return tl::unexpected(from.error());
  auto config = valid_config(config_file_of(line));
  if (!config)
    return tl::unexpected(config.error());
  const auto workers = whole_number(line, "workers", config->workers, 1, 1024);
  if (!workers)
    return tl::unexpected(workers.error());
  simulation_input input;
  input.config = std::move(*config);
  input.config.workers = static_cast<std::uint32_t>(*workers);
  input.asked.from = from->value_or(
      chrono::floor<milliseconds>(chrono::system_clock::now()));
  input.asked.to = input.asked.from + chrono::days{*days};
  input.asked.spread = static_cast<double>(*spread) / 100;
  if (const auto good = read_downtimes(line, input.asked); !good)
    return tl::unexpected(good.error());
  for (auto& [name, mean] : measured_means(context.where)) {
    input.asked.durations[name] = mean;
    input.sources[name] = "measured";
  }
  if (const auto good = read_durations(line, input); !good)
    return tl::unexpected(good.error());
  return input;
}

json peak_object(const peak& highest) {
  return {{"count", highest.count},
          {"at", highest.count > 0 ? json(format_utc(highest.at)) : json()}};
}

json job_object(const simulated_job& found, const simulation_input& input) {
  const auto known = input.asked.durations.find(found.job);
  const auto source = input.sources.find(found.job);
  json document;
  document["job"] = found.job;
  document["duration_ms"]
      = (known == input.asked.durations.end() ? input.asked.other_durations
                                              : known->second)
            .count();
  document["duration_from"]
      = source == input.sources.end() ? "assumed" : source->second;
  document["ticks"] = json::object();
  for (const auto& [fate, word] : tick_fate_words) {
    const auto count = found.ticks.find(fate);
    document["ticks"][std::string{word}]
        = count == found.ticks.end() ? 0 : count->second;
  }
  document["runs"] = found.runs;
  document["catch_ups"] = found.catch_ups;
  document["completed"] = found.completed;
  document["discarded"] = found.discarded;
  document["cancelled"] = found.cancelled;
  document["unfinished"] = found.unfinished;
  document["timed_out"] = found.timed_out;
  document["interrupted"] = found.interrupted;
  document["peak_running"] = peak_object(found.running);
  document["busy_ms"] = found.busy.count();
  document["longest_wait_ms"] = found.longest_wait.count();
  return document;
}

json report_object(const simulation_report& report,
                   const simulation_input& input) {
  std::uint64_t runs = 0;
  std::uint64_t unfinished = 0;
  milliseconds busy{0};
  auto jobs = json::array();
  for (const auto& each : report.jobs) {
    runs += each.runs;
    unfinished += each.unfinished;
    busy += each.busy;
    jobs.push_back(job_object(each, input));
  }
  const auto all
      = (input.asked.to - input.asked.from).count() * input.config.workers;
  json document;
  document["from"] = format_utc(input.asked.from);
  document["to"] = format_utc(input.asked.to);
  document["workers"] = input.config.workers;
  document["runs"] = runs;
  document["unfinished"] = unfinished;
  document["busy_per_mille"] = busy.count() * 1000 / all;
  document["peak_running"] = peak_object(report.running);
  document["peak_waiting"] = peak_object(report.waiting);
  document["jobs"] = std::move(jobs);
  return document;
}

} // namespace

exit_code simulate_command(command_context& context) {
  const auto input = read_input(context);
  if (!input)
    return complain(context.out, input.error());
  const auto document
      = report_object(simulate(input->config, input->asked), *input);
  context.out.print(context.out.json()
                        ? json_line(document) + "\n"
                        : render_simulation(document, context.out.look()));
  return exit_code::ok;
}

} // namespace jobq
