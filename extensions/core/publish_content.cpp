#include <map>

#include "extensions/content/sync_sources.hpp"
#include "extensions/core/core_jobs.hpp"
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

/// Tells a run's context what it understands.
class run_observer final : public sync_observer {
public:
  explicit run_observer(job_context& context) : context_{context} {}

  bool stop_requested() override { return context_.stop_requested(); }
  void warned(const std::string& line) override {
    context_.log(log_level::warning, line);
  }
  void failed(const std::string& line) override {
    context_.log(log_level::error, line);
  }
  void progressed(const content_source& source,
                  const sync_progress& at) override {
    constexpr std::size_t files_per_report = 64;
    if (at.pass == sync_pass::writing && at.done % files_per_report == 0)
      context_.progress(static_cast<double>(at.done)
                            / static_cast<double>(at.total),
                        source.name);
  }

private:
  job_context& context_;
};

outcome outcome_of(const sync_totals& total, const std::string& text,
                   bool change) {
  const auto& counts = total.counts;
  auto result
      = total.stopped ? job_result::stopped(text) : job_result::succeeded(text);
  result.items_processed = static_cast<std::uint64_t>(counts.processed());
  result.items_failed = static_cast<std::uint64_t>(counts.failed);
  result.counters = counts.by_name();
  if (total.all_failed()) {
    result.kind = outcome_kind::failed;
    result.error = "no file could be published; first: " + total.first_fault;
    result.message = counts.summary(change);
  }
  return result;
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
  options.now = call.context.started_at();
  run_observer observer{call.context};
  auto total = sync_sources(call.db, chosen.sources, options, observer);
  return outcome_of(
      total, chosen.note.empty() ? total.summary(options.change) : chosen.note,
      options.change);
}

} // namespace jobq
