#include "jobs/config_sections.hpp"

#include <algorithm>
#include <array>

#include "jobs/config_values.hpp"
#include "jobs/names.hpp"

namespace jobq {

namespace {

constexpr std::array<std::string_view, 9> scheduler_keys{
    "enabled",    "timezone", "bootstrap_jobs", "workers",  "hosts",
    "extensions", "run_as",   "jobs",           "retention"};
constexpr std::array<std::string_view, 4> retention_keys{
    "completed", "cancelled", "discarded", "ticks"};
constexpr std::array<std::string_view, 7> source_keys{
    "path",    "source_id",   "category_id",
    "enabled", "description", "allowed_content_types",
    "indexing"};
constexpr std::array<std::string_view, 2> indexing_keys{"recursive",
                                                        "override_existing"};
constexpr std::array<std::string_view, 1> database_keys{"url"};

void read_retention(const config_scope& scope, const config_node& node,
                    config_parts& parts) {
  const section_reader in{scope, node, "retention", retention_keys};
  auto read = [&](config_setting<milliseconds>& into, std::string_view key) {
    into.give(scope, in.value(key), in.label(key), in.duration(key));
  };
  read(parts.keep_completed, "completed");
  read(parts.keep_cancelled, "cancelled");
  read(parts.keep_discarded, "discarded");
  read(parts.keep_ticks, "ticks");
}

void read_bootstrap_jobs(const config_scope& scope, const section_reader& in,
                         config_parts& parts) {
  const auto items = in.list("bootstrap_jobs");
  if (!items)
    return;
  for (const auto* item : *items)
    if (auto name = read_text(scope, *item, "scheduler.bootstrap_jobs"))
      parts.bootstrap_jobs.emplace_back(std::move(*name),
                                        scope.file.place(*item));
}

void read_extensions(const config_scope& scope, const section_reader& in,
                     config_parts& parts) {
  const auto items = in.list("extensions");
  if (!items)
    return;
  for (const auto* item : *items) {
    const auto path = read_text(scope, *item, "scheduler.extensions");
    if (!path)
      continue;
    if (path->empty()) {
      scope.error(*item, "scheduler.extensions: an empty path");
      continue;
    }
    auto absolute = scope.file.resolve(*path);
    if (std::find(parts.extensions.begin(), parts.extensions.end(), absolute)
        == parts.extensions.end())
      parts.extensions.push_back(std::move(absolute));
  }
}

void read_jobs(const config_scope& scope, const section_reader& in,
               const known_functions& known, zone_finder& zones,
               config_parts& parts) {
  const auto items = in.list("jobs");
  if (!items) {
    parts.names_complete = parts.names_complete && in.find("jobs") == nullptr;
    return;
  }
  for (const auto* item : *items) {
    if (scope.faults.full() && scope.faults.has_errors()) {
      // Refused already, and nobody would see what else is wrong.
      parts.names_complete = false;
      return;
    }
    auto entry = read_job(scope.file, scope.faults, *item, known, zones);
    if (!entry.has_name) {
      parts.names_complete = false;
    } else if (const auto [first, fresh] = parts.job_names.emplace(
                   entry.definition.name, entry.name_place);
               !fresh) {
      scope.faults.add({severity::error, entry.name_place,
                        first->first.substr(0, 64),
                        "a second job of this name, the first is at "
                            + to_string(first->second)});
    }
    parts.jobs.push_back(std::move(entry));
  }
}

void read_content_source(const config_scope& scope, const config_entry& entry,
                         config_parts& parts) {
  const auto label = "content_sources." + entry.key->text;
  const section_reader in{scope, *entry.value, label, source_keys};
  content_source source;
  source.name = entry.key->text;
  source.place = scope.file.place(*entry.key);
  if (entry.value->is_map() || entry.value->is_null()) {
    if (in.require("path"))
      if (const auto path = in.text("path")) {
        if (path->empty())
          in.error("path", "is empty");
        source.path = scope.file.resolve(*path);
      }
    if (in.require("source_id"))
      assign(source.source_id, in.text("source_id"));
  }
  if (in.find("source_id") != nullptr && in.value("source_id") != nullptr
      && in.value("source_id")->is_scalar() && source.source_id.empty())
    in.error("source_id", "is empty");
  assign(source.enabled, in.boolean("enabled"));
  if (in.value("category_id") != nullptr)
    assign(source.category_id, in.text("category_id"));
  if (in.value("description") != nullptr)
    assign(source.description, in.text("description"));
  assign(source.allowed_content_types, in.texts("allowed_content_types"));
  if (const auto* node = in.value("indexing")) {
    const auto inner = label + ".indexing";
    const section_reader indexing{scope, *node, inner, indexing_keys};
    assign(source.recursive, indexing.boolean("recursive"));
    assign(source.override_existing, indexing.boolean("override_existing"));
  }
  for (const auto& other : parts.content_sources) {
    if (other.name == source.name) {
      scope.error(*entry.key,
                  "a second content source " + quoted_for_message(source.name)
                      + ", the first is at " + to_string(other.place));
      return;
    }
    // They would delete each other's content as missing.
    if (source.enabled && other.enabled && !source.source_id.empty()
        && other.source_id == source.source_id) {
      in.error("source_id", quoted_for_message(source.source_id)
                                + " is also that of the content source at "
                                + to_string(other.place));
      break;
    }
  }
  parts.content_sources.push_back(std::move(source));
}

/// A SQLite URL with an absolute path, or what is wrong with it.
result<std::string> absolute_sqlite(const config_file& file,
                                    std::string_view url) {
  constexpr std::string_view scheme = "sqlite:///";
  if (!url.starts_with(scheme))
    return fail(errc::invalid_argument,
                quoted_for_message(url)
                    + " is not a SQLite URL: write sqlite:///RELATIVE/PATH or "
                      "sqlite:////ABSOLUTE/PATH");
  const auto rest = url.substr(scheme.size());
  const auto query = std::min(rest.find('?'), rest.size());
  const auto path = rest.substr(0, query);
  if (path.empty() || path.ends_with('/'))
    return fail(errc::invalid_argument,
                quoted_for_message(url) + " names no file");
  if (path == ":memory:")
    return fail(errc::invalid_argument,
                quoted_for_message(url)
                    + " is lost with each connection: name a file");
  return std::string{scheme} + file.resolve(path).string()
         + std::string{rest.substr(query)};
}

result<std::string> absolute_url(const config_file& file,
                                 std::string_view url) {
  const auto scheme = url.substr(0, url.find(':'));
  if (scheme.size() < url.size()) {
    if (scheme == "sqlite")
      return absolute_sqlite(file, url);
    if (scheme == "postgresql" || scheme == "postgres") {
      if (url.substr(scheme.size()).starts_with("://"))
        return std::string{url};
      return fail(errc::invalid_argument,
                  "expected " + std::string{scheme} + "://...");
    }
  }
  // The whole URL may hold a password: name the scheme alone.
  return fail(errc::invalid_argument,
              (scheme.size() < url.size()
                   ? "database " + quoted_for_message(scheme) + " is not known"
                         + did_you_mean(scheme, {"sqlite", "postgresql"})
                   : std::string{"is not a URL"})
                  + "; write sqlite:///PATH or postgresql://...");
}

} // namespace

void read_scheduler(const config_scope& scope, const config_node& node,
                    const known_functions& known, zone_finder& zones,
                    config_parts& parts) {
  parts.has_scheduler = true;
  if (!node.is_map() && !node.is_null())
    parts.names_complete = false;
  const section_reader in{scope, node, "scheduler", scheduler_keys};
  parts.enabled.give(scope, in.value("enabled"), "scheduler.enabled",
                     in.boolean("enabled"));
  parts.timezone.give(scope, in.value("timezone"), "scheduler.timezone",
                      zones.find(in, "timezone"));
  parts.workers.give(scope, in.value("workers"), "scheduler.workers",
                     in.count("workers", 1, 1024));
  parts.hosts.give(scope, in.value("hosts"), "scheduler.hosts",
                   in.count("hosts", 1, 1024));
  if (const auto* run_as = in.value("run_as"))
    parts.run_as.give(scope, run_as, "scheduler.run_as", in.text("run_as"));
  read_bootstrap_jobs(scope, in, parts);
  read_extensions(scope, in, parts);
  read_jobs(scope, in, known, zones, parts);
  if (const auto* retention = in.value("retention"))
    read_retention(scope, *retention, parts);
}

void read_content_sources(const config_scope& scope, const config_node& node,
                          config_parts& parts) {
  if (node.is_null())
    return;
  if (!node.is_map()) {
    scope.error(node, "content_sources: expected a map of sources");
    return;
  }
  for (const auto& entry : entries_of(scope, node)) {
    if (is_word(entry.key->text))
      read_content_source(scope, entry, parts);
    else
      scope.error(*entry.key,
                  "content_sources: " + quoted_for_message(entry.key->text)
                      + " is not a name: use 1 to 64 letters, "
                        "digits, \"_\", \".\" and \"-\"");
  }
}

void read_database(const config_scope& scope, const config_node& node,
                   config_parts& parts) {
  const section_reader in{scope, node, "database", database_keys};
  if (in.value("url") == nullptr)
    return;
  const auto url = in.text("url");
  if (!url)
    return;
  auto absolute = absolute_url(scope.file, *url);
  if (absolute)
    parts.database_url.give(scope, in.value("url"), "database.url",
                            std::optional{std::move(*absolute)});
  else
    in.error("url", absolute.error().message);
}

} // namespace jobq
