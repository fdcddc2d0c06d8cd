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

} // namespace jobq
