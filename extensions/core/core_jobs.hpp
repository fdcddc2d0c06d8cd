#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "extensions/core/core.hpp"
#include "extensions/database/database.hpp"
#include "extensions/parameters.hpp"

namespace jobq {

/// What one call of a core function has to hand.
struct core_call {
  job_context& context;
  const parameter_reader& parameters;
  const core_environment& environment;
  database& db;
};

/// The functions of docs/core-jobs.md. They throw `database_error`.
outcome cleanup_anonymous_users(core_call& call);
outcome cleanup_empty_contexts(core_call& call);
outcome cleanup_inactive_sessions(core_call& call);
outcome database_cleanup(core_call& call);
outcome publish_content(core_call& call);

/// What the functions take; the order and names of docs/core-jobs.md.
std::vector<function_entry> core_function_specs();

} // namespace jobq
