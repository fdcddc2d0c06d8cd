#include "tools/routes.hpp"

#include <utility>

#include "tools/host_setup.hpp"

namespace jobq {

routes::routes(std::shared_ptr<const configuration> config,
               std::shared_ptr<const function_catalog> catalog,
               const core_environment& environment)
    : config_{std::move(config)}, catalog_{std::move(catalog)},
      core_setup_{setup_of(environment)} {
  for (const auto& job : config_->jobs)
    jobs_.emplace(job.name, &job);
}

result<route> routes::of(const run& what) const {
  const auto found = jobs_.find(what.job);
  const auto* job = found == jobs_.end() ? nullptr : found->second;
  const auto* function
      = catalog_->functions.find(what.extension, what.function);
  if (function == nullptr) {
    job_definition missing;
    missing.extension = what.extension;
    missing.function = what.function;
    return fail(errc::not_found, catalog_->why_not_runnable(missing));
  }
  if (auto fault = check_parameters(*function, what.parameters); !fault.empty())
    return fail(errc::invalid_argument, std::move(fault));
  route made;
  if (job != nullptr) {
    made.where = job->isolation;
    made.plan.limits = job->limits;
  }
  if (const auto* library = catalog_->library_of(what.extension)) {
    made.plan.library = library->path;
    made.plan.stamp = library->written.time_since_epoch().count();
  } else if (what.extension == "command") {
    if (job == nullptr || job->command.empty())
      return fail(errc::invalid_state,
                  "job \"" + what.job + "\" has no command any more");
    made.plan.setup = setup_of(*job);
  } else {
    made.plan.setup = core_setup_;
  }
  return made;
}

} // namespace jobq
