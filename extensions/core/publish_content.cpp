#include <algorithm>
#include <map>

#include "extensions/core/content_sync.hpp"
#include "jobs/names.hpp"

namespace jobq {

namespace {

const std::string& id_of(const content_source& source) {
  return source.source_id.empty() ? source.name : source.source_id;
}

/// Why the sources can't be synced; empty when they can. Rows tell sources
/// apart by their id alone.
std::string shared_id(const std::vector<content_source>& sources) {
  std::map<std::string, std::string> names;
  for (const auto& source : sources) {
    if (!source.enabled)
      continue;
    auto [it, fresh] = names.emplace(id_of(source), source.name);
    if (!fresh)
      return "sources " + it->second + " and " + source.name
             + " have the same source_id \"" + it->first + "\"";
  }
  return {};
}

struct choice {
  std::vector<const content_source*> sources;
  std::string note;  ///< why there are none
  std::string fault; ///< there is no such source
};

choice choose(const std::vector<content_source>& sources,
              const std::string& wanted) {
  choice chosen;
  std::vector<std::string> names{"all"};
  bool known = wanted == "all";
  for (const auto& source : sources) {
    names.push_back(source.name);
    bool named = source.name == wanted;
    known = known || named;
    if (source.enabled && (named || wanted == "all"))
      chosen.sources.push_back(&source);
  }
  if (!known)
    chosen.fault = "there is no content source \"" + wanted + "\""
                   + did_you_mean(wanted, names);
  else if (chosen.sources.empty())
    chosen.note = wanted == "all" ? "no content source is configured"
                                  : "source " + wanted + " is disabled";
  return chosen;
}

std::string summary(const sync_counts& counts, bool change) {
  std::string text = std::to_string(counts.found) + " files found";
  auto add = [&text](const char* word, std::int64_t count) {
    if (count > 0)
      text += std::string{", "} + std::to_string(count) + " " + word;
  };
  add("inserted", counts.inserted);
  add("updated", counts.updated);
  add("unchanged", counts.unchanged);
  add("skipped", counts.skipped);
  add("deleted", counts.deleted);
  add("failed", counts.failed);
  return change ? text : text + " (nothing was changed)";
}

void fill(outcome& result, const sync_counts& counts) {
  result.items_processed = static_cast<std::uint64_t>(
      counts.inserted + counts.updated + counts.unchanged + counts.skipped);
  result.items_failed = static_cast<std::uint64_t>(counts.failed);
  result.counters
      = {{"found", counts.found},     {"inserted", counts.inserted},
         {"updated", counts.updated}, {"unchanged", counts.unchanged},
         {"skipped", counts.skipped}, {"deleted", counts.deleted},
         {"failed", counts.failed}};
}

} // namespace

outcome publish_content(core_call& call) {
  const auto& sources = call.environment.content_sources;
  if (auto fault = shared_id(sources); !fault.empty())
    return job_result::failed(fault, false);
  auto chosen = choose(sources, call.parameters.text("source"));
  if (!chosen.fault.empty())
    return job_result::failed(chosen.fault, false);
  sync_options options;
  options.delete_missing = call.parameters.boolean("delete_missing");
  options.change
      = call.context.enforce() && !call.parameters.boolean("dry_run");
  sync_counts total;
  std::string first_fault;
  bool stopped = false;
  for (const auto* source : chosen.sources) {
    stopped = call.context.stop_requested();
    if (stopped)
      break;
    auto report = sync_source(call, *source, options);
    for (const auto& fault : report.faults)
      call.context.log(log_level::error, fault);
    if (first_fault.empty() && !report.faults.empty())
      first_fault = report.faults.front();
    total += report.counts;
    stopped = report.stopped;
    if (stopped)
      break;
  }
  auto text
      = chosen.note.empty() ? summary(total, options.change) : chosen.note;
  if (!first_fault.empty())
    text += "; first: " + first_fault;
  auto result
      = stopped ? job_result::stopped(text) : job_result::succeeded(text);
  fill(result, total);
  if (!stopped && total.failed > 0 && result.items_processed == 0) {
    result.kind = outcome_kind::failed;
    result.error = "no file could be published; first: " + first_fault;
    result.message = summary(total, options.change);
  }
  return result;
}

} // namespace jobq
