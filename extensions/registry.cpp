#include "extensions/registry.hpp"

#include <utility>

#include "jobs/names.hpp"

namespace jobq {

result<void> registry::add(function_entry entry) {
  if (find(entry.extension, entry.name))
    return fail(errc::already_exists, "extension \"" + entry.extension
                                          + "\" already has a function \""
                                          + entry.name + "\"");
  entries_.push_back(std::move(entry));
  return {};
}

const function_entry* registry::find(std::string_view extension,
                                     std::string_view name) const {
  for (const auto& entry : entries_)
    if (entry.name == name && entry.extension == extension)
      return &entry;
  return nullptr;
}

bool registry::has_extension(std::string_view extension) const {
  for (const auto& entry : entries_)
    if (entry.extension == extension)
      return true;
  return false;
}

known_functions registry::names() const {
  known_functions names;
  for (const auto& entry : entries_)
    names[entry.extension].push_back(entry.name);
  return names;
}

std::string registry::why_not_runnable(const job_definition& job) const {
  auto known = names();
  auto extension = known.find(job.extension);
  if (extension == known.end()) {
    std::vector<std::string> extensions;
    for (const auto& [name, functions] : known)
      extensions.push_back(name);
    return "extension \"" + job.extension + "\" is not loaded"
           + did_you_mean(job.extension, extensions);
  }
  const auto* entry = find(job.extension, job.function);
  if (!entry)
    return "extension \"" + job.extension + "\" has no function \""
           + job.function + "\""
           + did_you_mean(job.function, extension->second);
  if (job.isolation != isolation::process && !entry->call)
    return "isolation: " + job.extension + "." + job.function
           + " runs in job hosts alone: leave isolation out";
  if (job.isolation == isolation::in_line && entry->blocks)
    return "isolation: " + job.extension + "." + job.function
           + " blocks, and can't run inline: write thread or process";
  return check_parameters(*entry, job.parameters);
}

} // namespace jobq
