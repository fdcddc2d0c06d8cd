#include "tools/cli/settings.hpp"

#include <utility>

#include "tools/function_catalog.hpp"
#include "tools/paths.hpp"

namespace jobq {

std::filesystem::path config_file_of(const arguments& line) {
  return config_path(line.value("config").value_or(""));
}

config_report read_config(const std::filesystem::path& file) {
  host_options hosts;
  // Without the program libraries can't be opened, which is then a warning.
  hosts.program = host_program().value_or("jobq-host");
  return load_with_libraries(file, hosts, nullptr).report;
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
