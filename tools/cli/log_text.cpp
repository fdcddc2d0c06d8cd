#include "tools/cli/log_text.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "tools/cli/text.hpp"

namespace jobq {

std::string raw_text_of(const json& document, std::string_view field) {
  const auto found = document.find(std::string{field});
  return found != document.end() && found->is_string()
             ? found->get<std::string>()
             : std::string{};
}

std::string printable_log(std::string_view log, std::string_view prefix) {
  std::string lines;
  while (!log.empty()) {
    const auto end = std::min(log.find('\n'), log.size());
    lines += std::string{prefix} + printable(log.substr(0, end)) + "\n";
    log.remove_prefix(std::min(end + 1, log.size()));
  }
  return lines;
}

} // namespace jobq
