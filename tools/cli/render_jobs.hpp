#pragma once

#include <string>

#include "tools/cli/fields.hpp"
#include "tools/cli/style.hpp"

namespace jobq {

/// `list`: a table of the API's jobs.
std::string render_jobs(const json& jobs, const style& look);

/// `show`: one job in sections, with what to do about each failing check.
std::string render_job(const json& job, const style& look);

} // namespace jobq
