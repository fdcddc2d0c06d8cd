#include <algorithm>
#include <chrono>
#include <iterator>
#include <map>
#include <set>
#include <utility>

#include "jobs/due.hpp"
#include "jobs/replay.hpp"
#include "tools/api/handlers.hpp"
#include "tools/api/input.hpp"
#include "tools/runtime.hpp"

/// Replays: a plan of all jobs, and its one commit.
namespace jobq {

namespace {

/// Rows of the ledger read at once.
constexpr std::uint32_t page_rows = 20'000;
constexpr std::size_t most_rivals = 20;
constexpr std::uint32_t most_waiting = 10'000;

struct replay_input {
  std::string job; ///< empty: all
  replay_request asked;
  bool skip = false;
};

/// One job's plan, and what is known about the job.
struct job_share {
  const job_definition* job = nullptr;
  replay_plan plan;
  replay_load load;
};

/// A body's scalars as a query has them.
query_map as_query(const json& body) {
  query_map read;
  for (const auto& [name, value] : body.items())
    if (!value.is_null())
      read[name] = value.is_string() ? value.get<std::string>() : value.dump();
  return read;
}

result<bool> flag_query(const query_map& query, const std::string& name) {
  const auto text = text_query(query, name);
  if (text.empty() || text == "false")
    return false;
  if (text == "true")
    return true;
  return fail(errc::invalid_argument,
              name + ": \"" + text + "\" is neither true nor false");
}

result<std::optional<overlap_policy>> overlap_query(const query_map& query) {
  const auto text = text_query(query, "overlap");
  if (text.empty())
    return std::nullopt;
  if (const auto policy = value_of(overlap_policy_words, text))
    return *policy;
  if (const auto policy = value_of(overlap_policy_aliases, text))
    return *policy;
  std::string known;
  for (const auto& [policy, word] : overlap_policy_words)
    known.append(known.empty() ? "" : ", ").append(word);
  return fail(errc::invalid_argument,
              "overlap: \"" + text + "\" is not one of " + known);
}

result<replay_input> read_input(const api_call& call, const query_map& query) {
  replay_input input;
  input.asked.by = call.user;
  input.job = text_query(query, "job");
  if (!input.job.empty())
    if (const auto job = find_job(call, input.job); !job)
      return tl::unexpected(job.error());
  const auto from = time_query(query, "from", call.now);
  if (!from)
    return tl::unexpected(from.error());
  const auto to = time_query(query, "to", call.now);
  if (!to)
    return tl::unexpected(to.error());
  if (*from && *to && **from > **to)
    return fail(errc::invalid_argument,
                "from " + format_utc(**from) + " is later than to "
                    + format_utc(**to) + ": exchange them");
  const auto limit = number_query(query, "limit", 1, max_replayed_runs);
  if (!limit)
    return tl::unexpected(limit.error());
  const auto overlap = overlap_query(query);
  if (!overlap)
    return tl::unexpected(overlap.error());
  const auto again = flag_query(query, "again");
  if (!again)
    return tl::unexpected(again.error());
  const auto skip = flag_query(query, "skip");
  if (!skip)
    return tl::unexpected(skip.error());
  input.asked.from = *from;
  input.asked.to = *to;
  if (*limit)
    input.asked.limit = static_cast<std::uint32_t>(**limit);
  input.asked.overlap = *overlap;
  input.asked.again = *again;
  input.skip = *skip;
  if (input.skip && (input.asked.again || *limit || *overlap))
    return fail(errc::invalid_argument,
                "skip runs nothing: it takes no again, limit or overlap");
  return input;
}

/// The cursors of the jobs whose ticks nobody decides now: without a server,
/// those of active jobs.
result<std::map<std::string, job_cursor>>
undecided_cursors(const api_call& call) {
  std::map<std::string, job_cursor> found;
  if (call.target.is_server() || !call.config->enabled)
    return found;
  auto cursors = call.target.reads().cursors();
  if (!cursors)
    return tl::unexpected(cursors.error());
  for (auto& cursor : *cursors) {
    const auto* job = call.config->find_job(cursor.job);
    if (job != nullptr && cursor.active && is_current(cursor, *job))
      found.emplace(cursor.job, std::move(cursor));
  }
  return found;
}

/// What a plan needs of a job's ledger.
struct ledger_share {
  std::vector<tick> lines;
  std::uint64_t older = 0; ///< ticks that ran, further back than any replay
};

/// Every line of missed ticks, and the newest of those that ran: there is one
/// for each run, and only as many as a replay can make are of use.
result<ledger_share> read_ledger(const api_call& call, const std::string& job,
                                 const replay_request& asked) {
  ledger_share share;
  std::uint64_t ran = 0;
  tick_filter filter;
  filter.job = job;
  filter.since = asked.from;
  filter.until = asked.to;
  filter.limit = page_rows;
  for (;;) {
    auto page = call.target.reads().list_ticks(filter);
    if (!page)
      return tl::unexpected(page.error());
    for (auto& line : *page) {
      filter.until = line.nominal_time - milliseconds{1};
      if (is_missed(line) || (asked.names_ticks() && ran < max_replayed_runs)) {
        ran += is_missed(line) ? 0 : line.count;
        share.lines.push_back(std::move(line));
      } else if (has_run(line)) {
        share.older += line.count;
      }
    }
    if (page->size() < page_rows)
      return share;
  }
}

result<std::vector<job_share>> plan_all(const api_call& call,
                                        const replay_input& input) {
  const auto cursors = undecided_cursors(call);
  if (!cursors)
    return tl::unexpected(cursors.error());
  const auto counts = call.target.reads().statistics_by_job();
  if (!counts)
    return tl::unexpected(counts.error());
  std::map<std::string, milliseconds> means;
  for (const auto& each : *counts)
    means.emplace(each.job, each.mean_duration);
  std::vector<job_share> shares;
  for (const auto& job : call.config->jobs) {
    if (!input.job.empty() && job.name != input.job)
      continue;
    auto ledger = read_ledger(call, job.name, input.asked);
    if (!ledger)
      return tl::unexpected(ledger.error());
    const auto at = cursors->find(job.name);
    const auto cursor = at == cursors->end() ? std::optional<job_cursor>{}
                                             : std::optional{at->second};
    auto plan = (input.skip ? plan_skip : plan_replay)(
        job, std::move(ledger->lines), cursor, input.asked, call.now);
    if (input.asked.names_ticks())
      plan.ran += ledger->older;
    const replay_load load{plan.runs, means[job.name], plan.serial};
    shares.push_back({&job, std::move(plan), load});
  }
  return shares;
}

std::vector<replay_load> loads_of(const std::vector<job_share>& shares) {
  std::vector<replay_load> loads;
  for (const auto& each : shares)
    loads.push_back(each.load);
  return loads;
}

/// Who else wants a worker while the replay goes on: jobs of the plan, and
/// those that fire by schedule before it is done.
std::vector<std::string> rivals_of(const api_call& call,
                                   const std::vector<job_share>& shares,
                                   milliseconds lasts) {
  std::vector<std::string> names;
  for (const auto& each : shares)
    if (each.plan.runs > 0)
      names.push_back(each.job->name);
  const std::set<std::string> planned{names.begin(), names.end()};
  if (!names.empty())
    for (const auto& job : call.config->jobs) {
      const auto next = call.target.jobs_engine().next_run(job);
      if (names.size() < most_rivals && next && *next <= call.now + lasts
          && !planned.contains(job.name))
        names.push_back(job.name);
    }
  return names;
}

std::string policy_text(const replay_input& input, const job_definition& job) {
  if (input.skip)
    return "skip";
  if (input.asked.names_ticks())
    return "each";
  return std::string{word_of(catchup_policy_words, job.catchup)};
}

json share_json(const replay_input& input, const job_share& share,
                const std::vector<std::string>& rivals, std::uint32_t workers) {
  const auto& plan = share.plan;
  json made;
  made["job"] = plan.job;
  made["missed"] = plan.missed;
  made["from"] = time_json(plan.first_missed);
  made["to"] = time_json(plan.last_missed);
  made["policy"] = policy_text(input, *share.job);
  made["runs"] = plan.runs;
  made["ran"] = plan.ran;
  made["foreign"] = plan.foreign;
  made["mean_duration_ms"] = duration_json(share.load.mean);
  made["estimate_ms"] = duration_json(estimate(share.load, workers));
  made["competes_with"] = json::array();
  if (plan.runs > 0)
    for (const auto& name : rivals)
      if (name != plan.job)
        made["competes_with"].push_back(name);
  return made;
}

json plan_json(const api_call& call, const replay_input& input,
               const std::vector<job_share>& shares) {
  const auto workers = call.target.jobs_engine().status().workers;
  const auto lasts = estimate(loads_of(shares), workers);
  const auto rivals = rivals_of(call, shares, lasts);
  std::uint64_t missed = 0;
  std::uint64_t runs = 0;
  std::uint64_t ran = 0;
  auto jobs = json::array();
  for (const auto& each : shares) {
    missed += each.plan.missed;
    runs += each.plan.runs;
    ran += each.plan.ran;
    if (each.plan.missed + each.plan.runs + each.plan.foreign > 0
        || (input.asked.names_ticks() && each.plan.ran > 0))
      jobs.push_back(share_json(input, each, rivals, workers));
  }
  json made;
  made["action"] = input.skip ? "skip" : "replay";
  made["applied"] = false;
  made["missed"] = missed;
  made["runs"] = runs;
  made["ran"] = ran;
  made["workers"] = workers;
  made["estimate_ms"] = duration_json(lasts);
  made["done_at"] = runs > 0 ? time_json(call.now + lasts) : json();
  made["jobs"] = std::move(jobs);
  return made;
}

/// @returns why the plan can't be applied, if it can't
result<void> check_plan(const replay_input& input, const json& plan) {
  const auto runs = plan["runs"].get<std::uint64_t>();
  const auto ran = plan["ran"].get<std::uint64_t>();
  if (runs > max_replayed_runs)
    return fail(errc::invalid_argument,
                "this would make " + std::to_string(runs)
                    + " runs, and at most " + std::to_string(max_replayed_runs)
                    + " can be made at once; name a job, a limit or a shorter "
                      "range");
  if (!input.skip && input.asked.names_ticks() && !input.asked.again
      && runs == 0 && ran > 0)
    return fail(errc::invalid_state,
                "nothing was missed there, and all " + std::to_string(ran)
                    + " ticks ran or were skipped by policy already; to run "
                      "them again say so: --again");
  return {};
}

command::replay command_of(std::vector<job_share> shares, time_point now) {
  command::replay what;
  what.now = now;
  for (auto& each : shares) {
    if (each.plan.decision)
      what.decisions.push_back(std::move(*each.plan.decision));
    if (!each.plan.change.empty())
      what.changes.push_back(std::move(each.plan.change));
  }
  return what;
}

/// Runs of this and of earlier replays that are not finished yet.
result<json> unfinished_runs(const api_call& call, const std::string& job,
                             const std::vector<run_ptr>& fresh) {
  std::set<run_id> ids;
  for (const auto& one : fresh)
    ids.insert(one->id);
  for (const auto state : {run_state::running, run_state::available,
                           run_state::scheduled, run_state::retryable}) {
    const auto found
        = call.target.reads().list_runs({state, job, most_waiting});
    if (!found)
      return tl::unexpected(found.error());
    for (const auto& one : *found)
      if (one.trigger == trigger::replay)
        ids.insert(one.id);
  }
  auto list = json::array();
  for (const auto& id : ids)
    list.push_back(id.to_string());
  return list;
}

} // namespace

result<json> show_replay(const api_call& call) {
  const auto input = read_input(call, call.query);
  if (!input)
    return tl::unexpected(input.error());
  const auto shares = plan_all(call, *input);
  if (!shares)
    return tl::unexpected(shares.error());
  return plan_json(call, *input, *shares);
}

result<json> apply_replay(const api_call& call) {
  const auto input = read_input(call, as_query(call.body));
  if (!input)
    return tl::unexpected(input.error());
  auto shares = plan_all(call, *input);
  if (!shares)
    return tl::unexpected(shares.error());
  auto answer = plan_json(call, *input, *shares);
  if (const auto good = check_plan(*input, answer); !good)
    return tl::unexpected(good.error());
  const auto before = call.target.reads().statistics();
  if (!before)
    return tl::unexpected(before.error());
  const auto done = call.target.jobs_engine().perform(
      command_of(std::move(*shares), call.now));
  if (!done)
    return tl::unexpected(done.error());
  auto runs = unfinished_runs(call, input->job, done->runs);
  if (!runs)
    return tl::unexpected(runs.error());
  answer["applied"] = true;
  answer["made"] = done->runs.size();
  answer["ignored"] = done->count;
  answer["run_ids"] = std::move(*runs);
  answer["since_sequence"] = before->last_sequence;
  return answer;
}

} // namespace jobq
