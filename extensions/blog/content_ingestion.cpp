#include "extensions/blog/content_ingestion.hpp"

#include <exception>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "extensions/blog/blog_config.hpp"
#include "extensions/blog/run_observer.hpp"
#include "extensions/content/sync_sources.hpp"
#include "extensions/database/database.hpp"

namespace blog {

namespace {

using jobq::extension::context;
using jobq::extension::discarded;
using jobq::extension::failed;
using jobq::extension::result;
using jobq::extension::stopped;
using jobq::extension::succeeded;

std::unique_ptr<jobq::database> open(jobq::database_url url, bool change) {
  // Opening makes the file: what must not change anything looks at an empty
  // database of its own instead.
  std::error_code unknown;
  if (!change && url.dialect == jobq::dialect::sqlite
      && !std::filesystem::exists(url.path, unknown) && !unknown)
    url.path = ":memory:";
  return jobq::database::open(url);
}

result ingest(context& run, const config& settings,
              const jobq::database_url& url) {
  const bool change = run.enforce() && !run.boolean("dry_run");
  report_counts(run, {});
  if (settings.sources.empty())
    return succeeded("every source of " + settings.file.string()
                     + " is disabled");
  std::vector<const jobq::content_source*> sources;
  for (const auto& source : settings.sources)
    sources.push_back(&source);
  jobq::sync_options options;
  options.change = change;
  options.now = run.started_at();
  const auto db = open(url, change);
  run_observer observer{run, sources.size(), change};
  const auto total = jobq::sync_sources(*db, sources, options, observer);
  report_counts(run, total.counts);
  if (total.stopped)
    return stopped(total.summary(change));
  if (total.all_failed())
    return failed("no file could be ingested, " + total.summary(change));
  run.progress(1, "done");
  return succeeded(total.summary(change));
}

} // namespace

result content_ingestion(context& run) {
  const auto file = run.parameter("config");
  if (file.empty())
    return discarded("parameter config is missing: give the path of a "
                     "blog.yaml, absolute or relative to the working "
                     "directory");
  const auto settings = read_config(file);
  if (!settings)
    return discarded(settings.error().message);
  const auto url = choose_database(*settings, run.parameter("database"));
  if (!url)
    return discarded(url.error().message);
  try {
    return ingest(run, *settings, *url);
  } catch (const jobq::database_error& error) {
    return error.retryable() ? failed(error.what()) : discarded(error.what());
  } catch (const std::exception& error) {
    return failed(url->redact(error.what()));
  }
}

} // namespace blog
