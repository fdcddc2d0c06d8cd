#include <algorithm>
#include <chrono>
#include <map>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "jobs/names.hpp"
#include "jobs/tick.hpp"
#include "tools/cli/command.hpp"
#include "tools/cli/render_ticks.hpp"
#include "tools/cli/text.hpp"
#include "tools/cli/values.hpp"

namespace jobq {

namespace {

using query = std::map<std::string, std::string>;

result<void> check_fate(const arguments& line) {
  const auto word = line.value("fate");
  if (!word || value_of(tick_fate_words, *word))
    return {};
  std::vector<std::string> known;
  std::string all;
  for (const auto& [fate, name] : tick_fate_words) {
    known.emplace_back(name);
    all.append(all.empty() ? "" : ", ").append(name);
  }
  return fail(errc::invalid_argument, "--fate: \"" + *word + "\" is not one of "
                                          + all + did_you_mean(*word, known));
}

/// The jobs that get a strip: the one that was named, or all.
result<std::vector<std::string>> strip_jobs(api_client& client,
                                            const std::string& job) {
  if (!job.empty())
    return std::vector<std::string>{job};
  const auto answer = get(client, "/v1/jobs");
  if (!answer)
    return tl::unexpected(answer.error());
  std::vector<std::string> names;
  for (const auto& each : part_of(*answer, "jobs"))
    if (has_value(each, "schedule"))
      names.push_back(text_of(each, "name"));
  return names;
}

exit_code print_strips(command_context& context, api_client& client,
                       query asked) {
  const auto names = strip_jobs(client, asked["job"]);
  if (!names)
    return complain(context.out, names.error());
  std::size_t width = 0;
  for (const auto& name : *names)
    width = std::max(width, name.size());
  asked["n"] = std::to_string(strip_length);
  for (const auto& name : *names) {
    asked["job"] = name;
    const auto answer = get(client, "/v1/ticks", asked);
    if (!answer)
      return complain(context.out, answer.error());
    const auto strip
        = render_strip(part_of(*answer, "ticks"), context.out.look());
    context.out.print(padded(name, width) + "  " + (strip.empty() ? "-" : strip)
                      + "\n");
  }
  if (names->empty())
    context.out.note("no job has a schedule");
  else
    context.out.note(strip_legend(context.out.look()));
  return exit_code::ok;
}

} // namespace

exit_code ticks_command(command_context& context) {
  const auto& line = context.line;
  const auto now
      = std::chrono::floor<milliseconds>(std::chrono::system_clock::now());
  if (const auto good = check_fate(line); !good)
    return complain(context.out, good.error());
  const auto since = since_of(line, "since", now);
  if (!since)
    return complain(context.out, since.error());
  const auto count = whole_number(line, "count", 20, 1, 1000);
  if (!count)
    return complain(context.out, count.error());
  if (line.has("strip") && (line.has("count") || context.out.json()))
    return complain(context.out,
                    {errc::invalid_argument,
                     "--strip is a picture of the last 30 fates: it takes "
                     "neither --count nor --json; leave --strip away"});
  query asked{{"job", line.value("job").value_or("")},
              {"since", *since ? format_utc(**since) : ""},
              {"fate", line.value("fate").value_or("")},
              {"n", std::to_string(*count)}};
  auto connected = context.where.connect();
  if (!connected)
    return complain(context.out, connected.error());
  if (line.has("strip"))
    return print_strips(context, *connected->client, std::move(asked));
  const auto answer = get(*connected->client, "/v1/ticks", std::move(asked));
  if (!answer)
    return complain(context.out, answer.error());
  const auto& ticks = part_of(*answer, "ticks");
  if (context.out.json())
    for (const auto& tick : ticks)
      context.out.print(json_line(tick) + "\n");
  else if (ticks.empty())
    context.out.note("no ticks");
  else
    context.out.print(render_ticks(ticks, context.out.look()));
  return exit_code::ok;
}

} // namespace jobq
