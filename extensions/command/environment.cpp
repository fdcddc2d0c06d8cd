#include "extensions/command/environment.hpp"

#include <array>
#include <cstdlib>
#include <string_view>

#include "jobs/time.hpp"

namespace jobq {

namespace {

constexpr auto default_path
    = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// What tells a program who and where it is. The rest of a server's environment
/// is the server's own, and may hold secrets. The last one is the mark by which
/// a server knows its jobs' processes.
constexpr std::array inherited{"HOME",    "LANG",   "TZ",       "USER",
                               "LOGNAME", "TMPDIR", "JOBQ_HOST"};

std::string variable_of(std::string_view parameter) {
  std::string name = "JOBQ_PARAM_";
  for (char each : parameter) {
    if (each >= 'a' && each <= 'z')
      each = static_cast<char>(each - 'a' + 'A');
    bool kept = (each >= 'A' && each <= 'Z') || (each >= '0' && each <= '9');
    name += kept ? each : '_';
  }
  return name;
}

bool has_nul(std::string_view text) {
  return text.find('\0') != std::string_view::npos;
}

result<void> add_own(environment_map& made, const environment_map& own) {
  for (const auto& [name, value] : own) {
    if (name.empty())
      return fail(errc::invalid_argument, "env: a variable's name is empty");
    if (name.find('=') != std::string::npos)
      return fail(errc::invalid_argument,
                  "env: the name \"" + name + "\" has a \"=\"");
    if (has_nul(name) || has_nul(value))
      return fail(errc::invalid_argument,
                  "env: " + std::string{name.c_str()} + " has a NUL byte");
    made[name] = value;
  }
  return {};
}

result<void> add_parameters(environment_map& made,
                            const parameter_map& parameters) {
  environment_map sources; // by variable
  for (const auto& [name, value] : parameters) {
    if (has_nul(value))
      return fail(errc::invalid_argument,
                  "parameter \"" + name + "\" has a NUL byte");
    auto variable = variable_of(name);
    auto [first, is_new] = sources.emplace(variable, name);
    if (!is_new)
      return fail(errc::invalid_argument,
                  "parameters \"" + first->second + "\" and \"" + name
                      + "\" would both be " + variable + ": rename one");
    made[variable] = value;
  }
  return {};
}

/// Absent is absent, even if the job's own variables have the name.
void set_time(environment_map& made, const char* name,
              const std::optional<time_point>& at) {
  made.erase(name);
  if (at)
    made[name] = format_utc(*at);
}

} // namespace

result<environment_map> command_environment(const job_context& context,
                                            const command_line& what) {
  environment_map made;
  made["PATH"] = default_path;
  for (const char* name : inherited)
    if (const char* value = ::getenv(name))
      made[name] = value;
  if (auto done = add_own(made, what.env); !done)
    return tl::unexpected{done.error()};
  if (auto done = add_parameters(made, context.parameters()); !done)
    return tl::unexpected{done.error()};
  made["JOBQ_RUN_ID"] = context.id().to_string();
  made["JOBQ_JOB"] = std::string{context.job()};
  made["JOBQ_ATTEMPT"] = std::to_string(context.attempt());
  made["JOBQ_ENFORCE"] = context.enforce() ? "true" : "false";
  made["JOBQ_CONTROL_FD"] = std::to_string(control_descriptor);
  set_time(made, "JOBQ_NOMINAL_TIME", context.nominal_time());
  set_time(made, "JOBQ_DEADLINE", context.deadline());
  return made;
}

} // namespace jobq
