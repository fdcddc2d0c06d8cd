#include "extensions/core/core.hpp"

#include <exception>
#include <utility>

#include "extensions/core/core_jobs.hpp"

namespace jobq {

namespace {

using core_job = outcome (*)(core_call&);

/// Any length of time that thresholds can have: a century.
constexpr std::int64_t most_days = 36500;
constexpr std::int64_t most_hours = most_days * 24;

parameter_spec days(std::string name, std::string value, std::string text) {
  return {std::move(name),
          parameter_spec::type::integer,
          std::move(value),
          std::move(text),
          0,
          most_days};
}

parameter_spec hours(std::string name, std::string value, std::string text) {
  return {std::move(name),
          parameter_spec::type::integer,
          std::move(value),
          std::move(text),
          0,
          most_hours};
}

parameter_spec flag(std::string name, std::string value, std::string text) {
  return {std::move(name),
          parameter_spec::type::boolean,
          std::move(value),
          std::move(text),
          {},
          {}};
}

parameter_spec word(std::string name, std::string value, std::string text) {
  return {std::move(name),
          parameter_spec::type::text,
          std::move(value),
          std::move(text),
          {},
          {}};
}

std::vector<parameter_spec> database_cleanup_parameters() {
  std::vector<parameter_spec> specs{
      word("only", "all", "all, or logs: the two log steps alone"),
      days("log_retention_days", "30", "delete logs older than this"),
      flag("vacuum", "true", "give the space back at the end")};
  for (const char* level :
       {"trace", "debug", "info", "warning", "warn", "error"})
    specs.push_back(days(std::string{"log_retention_days_"} + level, "",
                         std::string{"the same for level "} + level
                             + "; default: log_retention_days"));
  return specs;
}

core_job job_named(std::string_view name) {
  if (name == "cleanup_anonymous_users")
    return cleanup_anonymous_users;
  if (name == "cleanup_empty_contexts")
    return cleanup_empty_contexts;
  if (name == "cleanup_inactive_sessions")
    return cleanup_inactive_sessions;
  if (name == "database_cleanup")
    return database_cleanup;
  return publish_content;
}

/// One call: parameters first, then the database, then the work. Nothing of
/// what core throws gets further than this.
outcome call_job(const function_entry& spec, core_job job,
                 const core_environment_holder& holder, job_context& context) {
  if (auto fault = check_parameters(spec, context.parameters()); !fault.empty())
    return job_result::failed(std::move(fault), false);
  auto environment = holder.get();
  if (!environment)
    return job_result::failed("core has no configuration", false);
  auto url = parse_database_url(environment->database_url);
  if (!url)
    return job_result::failed(url.error().message, false);
  try {
    auto db = database::open(*url);
    parameter_reader parameters{spec, context.parameters()};
    core_call call{context, parameters, *environment, *db};
    return job(call);
  } catch (const database_error& error) {
    return job_result::failed(error.what(), error.retryable());
  } catch (const std::exception& error) {
    return job_result::failed(url->redact(error.what()));
  }
}

} // namespace

std::vector<function_entry> core_function_specs() {
  return {
      {"core",
       "cleanup_anonymous_users",
       "Delete anonymous users that are old and have no open session",
       "0 0 3 * * *",
       {days("retention_days", "30", "delete users created longer ago")},
       {}},
      {"core",
       "cleanup_empty_contexts",
       "Delete conversation contexts in which nothing happened",
       "0 0 * * * *",
       {hours("retention_hours", "24", "delete contexts created longer ago")},
       {}},
      {"core",
       "cleanup_inactive_sessions",
       "End idle sessions and delete those that ended long ago",
       "0 0 * * * *",
       {hours("inactive_hours", "1", "end sessions idle for this long"),
        days("retention_days", "90",
             "delete sessions ended longer ago; 0: never")},
       {}},
      {"core",
       "database_cleanup",
       "Delete old logs and expired OAuth rows, and give the space back",
       "0 0 4 * * *",
       database_cleanup_parameters(),
       {}},
      {"core",
       "publish_content",
       "Sync content files to the database",
       "0 */30 * * * *",
       {word("source", "all", "a source's name, or all"),
        flag("delete_missing", "false", "delete rows whose file is gone"),
        flag("dry_run", "false", "count what would be done, change nothing")},
       {}},
  };
}

std::vector<function_entry>
core_functions(std::shared_ptr<const core_environment_holder> holder) {
  auto entries = core_function_specs();
  if (!holder)
    return entries;
  for (auto& entry : entries) {
    auto spec = std::make_shared<const function_entry>(entry);
    entry.call
        = [spec, holder, job = job_named(entry.name)](job_context& context) {
            return call_job(*spec, job, *holder, context);
          };
  }
  return entries;
}

std::vector<function_entry>
core_functions(std::shared_ptr<const core_environment> environment) {
  return core_functions(
      std::make_shared<const core_environment_holder>(std::move(environment)));
}

} // namespace jobq
