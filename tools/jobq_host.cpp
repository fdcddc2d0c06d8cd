#include <memory>
#include <optional>
#include <utility>

#include "extensions/command/command.hpp"
#include "extensions/core/core.hpp"
#include "extensions/host/host_main.hpp"
#include "tools/host_setup.hpp"

#if JOBQ_SANITIZED
// At the exit of a process that may not be traced, the search for leaks may
// spin for ever.
extern "C" const char* __asan_default_options() {
  return "detect_leaks=0";
}
#endif

namespace {

using namespace jobq;

/// What the server sent beside the run that is being executed.
struct surroundings {
  std::shared_ptr<core_environment_holder> core
      = std::make_shared<core_environment_holder>(nullptr);
  std::string core_text;
  result<command_line> command = fail(errc::internal, "no command was sent");
};

result<void> prepare(surroundings& now, std::string_view extension,
                     std::string_view setup) {
  if (extension == "command") {
    now.command = read_command_setup(setup);
  } else if (extension == "core" && now.core_text != setup) {
    auto environment = read_core_setup(setup);
    if (!environment)
      return tl::unexpected(environment.error());
    now.core->set(
        std::make_shared<const core_environment>(std::move(*environment)));
    now.core_text = setup;
  }
  return {};
}

hosting::built_in_functions built_in() {
  hosting::built_in_functions made;
  const auto now = std::make_shared<surroundings>();
  for (auto& entry : core_functions(
           std::shared_ptr<const core_environment_holder>{now->core}))
    static_cast<void>(made.functions.add(std::move(entry)));
  static_cast<void>(made.functions.add(
      command_function([now](const job_context&) { return now->command; })));
  made.prepare = [now](std::string_view extension, std::string_view setup) {
    return prepare(*now, extension, setup);
  };
  return made;
}

} // namespace

int main() {
  return hosting::host_main(built_in);
}
