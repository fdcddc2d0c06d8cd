#include "tools/paths.hpp"

#include <cstdlib>
#include <system_error>

namespace jobq {

namespace {

namespace fs = std::filesystem;

/// An environment variable's value; empty when it is not set.
std::string environment(const char* name) {
  const char* value = std::getenv(name); // NOLINT(concurrency-mt-unsafe)
  return value == nullptr ? std::string{} : std::string{value};
}

} // namespace

fs::path config_path(const std::string& option) {
  if (!option.empty())
    return option;
  if (auto named = environment("JOBQ_CONFIG"); !named.empty())
    return named;
  const fs::path root = "services/config/config.yaml";
  const fs::path scheduler = "services/scheduler/config.yaml";
  std::error_code ignored;
  if (!fs::exists(root, ignored) && fs::exists(scheduler, ignored))
    return scheduler;
  return root;
}

fs::path data_path(const std::string& option) {
  fs::path chosen = option;
  if (chosen.empty())
    chosen = environment("JOBQ_DATA");
  if (chosen.empty())
    chosen = "var";
  std::error_code failed;
  auto full = fs::absolute(chosen, failed);
  return failed ? chosen : full.lexically_normal();
}

fs::path store_path(const fs::path& data) {
  return data / "store";
}

fs::path socket_path(const fs::path& data) {
  return data / "jobq.sock";
}

} // namespace jobq
