#include "tests/extensions/core_fixture.hpp"

#include <chrono>

namespace jobq::test {

time_point noon() {
  using namespace std::chrono;
  return sys_days{2027y / March / 28} + hours{12};
}

std::string ago(milliseconds age) {
  return format_utc(noon() - age);
}

outcome core_test::run(const std::string& function, parameter_map parameters) {
  fake_context context;
  context.given = std::move(parameters);
  return run(function, context);
}

outcome core_test::run(const std::string& function, fake_context& context) {
  auto environment = std::make_shared<core_environment>();
  environment->database_url = tables_.url();
  environment->content_sources = sources_;
  for (const auto& entry :
       core_functions(std::shared_ptr<const core_environment>{environment}))
    if (entry.name == function)
      return entry.call(context);
  return job_result::failed("no such function");
}

} // namespace jobq::test
