#include "tools/cli/settings.hpp"

#include <memory>
#include <utility>

#include "extensions/core/core.hpp"
#include "extensions/registry.hpp"
#include "tools/paths.hpp"

namespace jobq {

std::filesystem::path config_file_of(const arguments& line) {
  return config_path(line.value("config").value_or(""));
}

config_report read_config(const std::filesystem::path& file) {
  registry functions;
  for (auto& entry :
       core_functions(std::shared_ptr<const core_environment_holder>{}))
    static_cast<void>(functions.add(std::move(entry)));
  return load_config(file, functions.names());
}

result<configuration> valid_config(const std::filesystem::path& file) {
  auto report = read_config(file);
  if (report.ok())
    return std::move(*report.value);
  std::string faults = "the configuration has errors:";
  for (const auto& fault : report.faults)
    if (fault.level == severity::error)
      faults += "\n" + fault.to_string();
  return fail(errc::invalid_argument, faults);
}

} // namespace jobq
