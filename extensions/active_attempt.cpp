#include "extensions/active_attempt.hpp"

#include <exception>
#include <string>

namespace jobq {

outcome call(const job_function& function, job_context& context) {
  try {
    return function(context);
  } catch (const std::exception& error) {
    return job_result::failed(error.what());
  } catch (...) {
    return job_result::failed("unknown exception");
  }
}

result<job_function> callable(const registry& functions, const run& what) {
  const auto* entry = functions.find(what.extension, what.function);
  auto name = what.extension + "." + what.function;
  if (!entry) {
    job_definition job;
    job.extension = what.extension;
    job.function = what.function;
    return fail(errc::not_found, functions.why_not_runnable(job));
  }
  if (!entry->call)
    return fail(errc::unsupported, name + " does not run in this process");
  if (auto fault = check_parameters(*entry, what.parameters); !fault.empty())
    return fail(errc::invalid_argument, std::move(fault));
  return entry->call;
}

} // namespace jobq
