#include "tools/function_catalog.hpp"

#include <algorithm>
#include <system_error>
#include <utility>

#include "extensions/command/command.hpp"
#include "extensions/host/learn.hpp"
#include "tools/paths.hpp"

namespace jobq {

namespace {

namespace fs = std::filesystem;

/// The libraries that a path means: itself, those in the directory, or where
/// neither is, the one of that name that ships with jobq.
std::vector<fs::path> libraries_at(const fs::path& path) {
  std::error_code failed;
  if (!fs::exists(path, failed))
    if (auto shipped = shipped_library(path.filename()); !shipped.empty())
      return {shipped};
  if (!fs::is_directory(path, failed))
    return {path};
  std::vector<fs::path> found;
  for (fs::directory_iterator at{path, failed}, end; !failed && at != end;
       at.increment(failed))
    if (at->path().extension() == ".so")
      found.push_back(at->path());
  std::ranges::sort(found);
  return found;
}

/// Takes a library's functions in, or tells why they can't be.
void add(function_catalog& catalog, const host_options& hosts,
         const fs::path& path) {
  auto& facts = catalog.libraries.emplace_back();
  facts.path = path;
  std::error_code ignored;
  facts.written = fs::last_write_time(path, ignored);
  auto learned = learn_library(hosts, path);
  if (!learned) {
    facts.fault = learned.error().message;
    return;
  }
  facts.extension = learned->extension;
  facts.release = learned->release;
  if (catalog.functions.has_extension(learned->extension)) {
    facts.fault = path.string() + ": extension \"" + learned->extension
                  + "\" is there already";
    facts.extension.clear();
    return;
  }
  facts.functions = learned->functions.size();
  for (auto& each : learned->functions)
    static_cast<void>(catalog.functions.add(std::move(each)));
}

} // namespace

const library_facts*
function_catalog::library_of(std::string_view extension) const {
  const auto at
      = std::ranges::find(libraries, extension, &library_facts::extension);
  return at == libraries.end() ? nullptr : &*at;
}

std::string
function_catalog::why_not_runnable(const job_definition& job) const {
  auto why = functions.why_not_runnable(job);
  if (why.empty() || functions.has_extension(job.extension))
    return why;
  for (const auto& each : libraries)
    if (!each.fault.empty())
      why += "; " + each.fault;
  return why;
}

function_catalog
built_in_catalog(const std::shared_ptr<const core_environment_holder>& core) {
  function_catalog made;
  for (auto& entry : core_functions(core))
    static_cast<void>(made.functions.add(std::move(entry)));
  static_cast<void>(made.functions.add(command_function({})));
  return made;
}

loaded_config load_with_libraries(
    const fs::path& file, const host_options& hosts,
    const std::shared_ptr<const core_environment_holder>& core) {
  auto catalog = built_in_catalog(core);
  auto report = load_config(file, catalog.functions.names());
  if (!report.ok() || report.value->extensions.empty())
    return {std::move(report),
            std::make_shared<const function_catalog>(std::move(catalog))};
  for (const auto& named : report.value->extensions)
    for (const auto& path : libraries_at(named))
      add(catalog, hosts, path);
  report = load_config(file, catalog.functions.names());
  for (const auto& each : catalog.libraries) {
    if (each.fault.empty())
      continue;
    auto& warning = report.faults.emplace_back();
    warning.level = severity::warning;
    warning.place.file = file.string();
    warning.message = "scheduler.extensions: " + each.fault;
  }
  return {std::move(report),
          std::make_shared<const function_catalog>(std::move(catalog))};
}

} // namespace jobq
