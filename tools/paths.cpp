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

/// Where the running program lies.
fs::path program_folder() {
  std::error_code ignored;
  return fs::read_symlink("/proc/self/exe", ignored).parent_path();
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

result<fs::path> host_program() {
  std::error_code failed;
  if (fs::path named = environment("JOBQ_HOST_PROGRAM"); !named.empty()) {
    if (fs::exists(named, failed))
      return named;
    return fail(errc::not_found, "JOBQ_HOST_PROGRAM names " + named.string()
                                     + ", which is not there: it has to be the "
                                       "program jobq-host");
  }
  const auto here = program_folder();
  std::string looked;
  for (const auto* folder : {".", "../bin", "../libexec/jobq"}) {
    auto program = (here / folder / "jobq-host").lexically_normal();
    if (fs::exists(program, failed))
      return program;
    if (looked.find(program.string()) == std::string::npos)
      looked += (looked.empty() ? "" : ", ") + program.string();
  }
  return fail(errc::not_found,
              "jobq-host, which runs job functions, is missing: looked for "
                  + looked + "; JOBQ_HOST_PROGRAM can name it");
}

fs::path shipped_library(const fs::path& name) {
  const auto here = program_folder();
  std::error_code ignored;
  for (const auto* folder : {"../lib", JOBQ_LIBRARY_FOLDER})
    if (auto path = (here / folder / name).lexically_normal();
        fs::exists(path, ignored))
      return path;
  return {};
}

fs::path store_path(const fs::path& data) {
  return data / "store";
}

fs::path socket_path(const fs::path& data) {
  return data / "jobq.sock";
}

} // namespace jobq
