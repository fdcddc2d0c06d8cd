#include <chrono>
#include <string>

#include <nlohmann/json.hpp>

#include "jobs/names.hpp"
#include "jobs/policy.hpp"
#include "jobs/replay.hpp"
#include "tools/cli/command.hpp"
#include "tools/cli/render_replay.hpp"
#include "tools/cli/replay_wait.hpp"
#include "tools/cli/values.hpp"

namespace jobq {

namespace {

result<std::string> overlap_of(const arguments& line) {
  const auto word = line.value("overlap").value_or("");
  if (word.empty() || value_of(overlap_policy_words, word)
      || value_of(overlap_policy_aliases, word))
    return word;
  std::vector<std::string> known;
  std::string all;
  for (const auto& [policy, name] : overlap_policy_words) {
    known.emplace_back(name);
    all.append(all.empty() ? "" : ", ").append(name);
  }
  return fail(errc::invalid_argument, "--overlap: \"" + word
                                          + "\" is not one of " + all
                                          + did_you_mean(word, known));
}

result<void> check_use(const arguments& line) {
  const auto wrong
      = [](const char* why) { return fail(errc::invalid_argument, why); };
  if (line.has("apply") && line.has("skip"))
    return wrong("--apply runs missed ticks, --skip waives them: give one");
  if (line.has("apply") && line.has("plan"))
    return wrong("--plan changes nothing, --apply does: give one");
  if (line.has("skip")
      && (line.has("again") || line.has("limit") || line.has("overlap")))
    return wrong("--skip runs nothing: it takes no --again, --limit or "
                 "--overlap");
  if (line.has("no-wait") && !line.has("apply"))
    return wrong("--no-wait goes with --apply");
  return {};
}

/// The request as the API's fields.
result<json> read_request(const arguments& line) {
  if (const auto good = check_use(line); !good)
    return tl::unexpected(good.error());
  const auto now
      = std::chrono::floor<milliseconds>(std::chrono::system_clock::now());
  json asked;
  if (line.has("job"))
    asked["job"] = *line.value("job");
  for (const auto* option : {"from", "to"}) {
    const auto at = since_of(line, option, now);
    if (!at)
      return tl::unexpected(at.error());
    if (*at)
      asked[option] = format_utc(**at);
  }
  if (asked.contains("from") && asked.contains("to")
      && asked["from"].get<std::string>() > asked["to"].get<std::string>())
    return fail(errc::invalid_argument,
                "--from is later than --to: exchange them");
  const auto limit = whole_number(line, "limit", 0, 1, max_replayed_runs);
  if (!limit)
    return tl::unexpected(limit.error());
  if (*limit > 0)
    asked["limit"] = std::to_string(*limit);
  const auto overlap = overlap_of(line);
  if (!overlap)
    return tl::unexpected(overlap.error());
  if (!overlap->empty())
    asked["overlap"] = *overlap;
  if (line.has("again"))
    asked["again"] = "true";
  if (line.has("skip"))
    asked["skip"] = "true";
  return asked;
}

bool names_ticks(const json& asked) {
  return asked.contains("from") || asked.contains("to")
         || asked.contains("limit") || asked.contains("again");
}

exit_code show_plan(command_context& context, api_client& client,
                    const json& asked) {
  std::map<std::string, std::string> query;
  for (const auto& [name, value] : asked.items())
    query[name] = value.get<std::string>();
  const auto plan = get(client, "/v1/replay", std::move(query));
  if (!plan)
    return complain(context.out, plan.error());
  if (context.out.json())
    context.out.print(json_line(*plan) + "\n");
  else
    context.out.print(
        render_replay(*plan, names_ticks(asked), context.out.look()));
  return exit_code::ok;
}

std::string told(const json& applied) {
  if (text_of(applied, "action") == "skip")
    return text_of(applied, "missed") + " missed ticks waived\n";
  const auto waiting = part_of(applied, "run_ids").size();
  const auto made = number_of(applied, "made");
  auto text = std::to_string(made) + (made == 1 ? " run" : " runs")
              + " enqueued for " + text_of(applied, "missed")
              + " missed ticks\n";
  if (std::cmp_greater(waiting, made))
    text += std::to_string(waiting)
            + " runs of this and earlier replays are unfinished\n";
  return text;
}

} // namespace

exit_code replay_command(command_context& context) {
  const auto& line = context.line;
  const auto asked = read_request(line);
  if (!asked)
    return complain(context.out, asked.error());
  auto connected = context.where.connect();
  if (!connected)
    return complain(context.out, connected.error());
  if (line.has("plan") || (!line.has("apply") && !line.has("skip")))
    return show_plan(context, *connected->client, *asked);
  const auto applied = post(*connected->client, "/v1/replay", *asked);
  if (!applied)
    return complain(context.out, applied.error());
  if (context.out.json())
    context.out.print(json_line(*applied) + "\n");
  else if (!context.out.quiet())
    context.out.print(told(*applied));
  if (number_of(*applied, "ignored") > 0)
    context.out.complain("the ledger changed meanwhile for "
                         + text_of(*applied, "ignored")
                         + " jobs; ask again: jobq replay");
  if (line.has("skip") || line.has("no-wait"))
    return exit_code::ok;
  return wait_for_replay(context, *applied);
}

} // namespace jobq
