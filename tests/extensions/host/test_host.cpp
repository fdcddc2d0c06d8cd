// A host program for tests: libraries, and one built-in function.
#include "extensions/host/host_main.hpp"

#if JOBQ_SANITIZED
// A crash is to end as it does without the sanitizer.
extern "C" const char* __asan_default_options() {
  return "handle_segv=0:handle_abort=0:handle_sigbus=0:handle_sigfpe=0:"
         "handle_sigill=0:detect_leaks=0:use_sigaltstack=0:"
         "allocator_may_return_null=1";
}
#endif

namespace {

jobq::hosting::built_in_functions built_in() {
  using namespace jobq;
  hosting::built_in_functions made;
  static std::string told;
  function_entry echo;
  echo.extension = "test";
  echo.name = "echo";
  echo.call = [](job_context&) { return job_result::succeeded(told); };
  (void)made.functions.add(std::move(echo));
  made.prepare
      = [](std::string_view extension, std::string_view setup) -> result<void> {
    if (setup == "broken")
      return fail(errc::invalid_argument, "the setup is broken");
    told = std::string{extension} + ":" + std::string{setup};
    return {};
  };
  return made;
}

} // namespace

int main() {
  return jobq::hosting::host_main(built_in);
}
