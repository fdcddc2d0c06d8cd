#include <algorithm>
#include <chrono>
#include <iterator>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "tools/cli/command.hpp"
#include "tools/cli/config_lint.hpp"
#include "tools/cli/measured.hpp"
#include "tools/cli/settings.hpp"
#include "tools/cli/text.hpp"

namespace jobq {

namespace {

namespace chrono = std::chrono;

std::string counted(std::size_t number, const std::string& what) {
  return std::to_string(number) + " " + what + (number == 1 ? "" : "s");
}

json fault_object(const config_fault& fault) {
  const auto text_or_null = [](const std::string& text) {
    return text.empty() ? json() : json(text);
  };
  const auto number_or_null
      = [](int number) { return number > 0 ? json(number) : json(); };
  return {{"level", fault.level == severity::error ? "error" : "warning"},
          {"file", text_or_null(fault.place.file)},
          {"line", number_or_null(fault.place.line)},
          {"column", number_or_null(fault.place.column)},
          {"job", text_or_null(fault.job)},
          {"message", fault.message}};
}

} // namespace

exit_code check_command(command_context& context) {
  const auto& given = context.line.positionals;
  if (!given.empty() && context.line.has("config"))
    return complain(context.out, {errc::invalid_argument,
                                  "give FILE or --config, not both"});
  const std::filesystem::path file = given.empty()
                                         ? config_file_of(context.line)
                                         : std::filesystem::path{given[0]};
  auto report = read_config(file);
  if (report.ok())
    std::ranges::move(
        config_doubts(*report.value,
                      chrono::floor<milliseconds>(chrono::system_clock::now()),
                      measured_means(context.where)),
        std::back_inserter(report.faults));
  const auto errors = static_cast<std::size_t>(std::count_if(
      report.faults.begin(), report.faults.end(),
      [](const auto& fault) { return fault.level == severity::error; }));
  const auto warnings = report.faults.size() - errors;
  const auto jobs = report.ok() ? report.value->jobs.size() : 0;
  if (context.out.json()) {
    json document;
    document["file"] = file.string();
    document["ok"] = report.ok();
    document["jobs"] = report.ok() ? json(jobs) : json();
    document["faults"] = json::array();
    for (const auto& fault : report.faults)
      document["faults"].push_back(fault_object(fault));
    context.out.print(json_line(document) + "\n");
    return report.ok() ? exit_code::ok : exit_code::usage;
  }
  for (const auto& fault : report.faults)
    if (fault.level == severity::error || !context.out.quiet())
      context.out.report(printable_lines(fault.to_string()) + "\n");
  if (!context.out.quiet()) {
    auto summary = printable(file.string()) + ": ";
    if (report.ok())
      summary += counted(jobs, "job");
    else
      summary += counted(errors, "error");
    if (warnings > 0)
      summary += ", " + counted(warnings, "warning");
    context.out.print(summary + "\n");
  }
  return report.ok() ? exit_code::ok : exit_code::usage;
}

} // namespace jobq
