#pragma once

#include "jobs/config_reader.hpp"

namespace jobq {

/// One entry of `scheduler.jobs`, as far as it can be read alone.
struct job_entry {
  job_definition definition;
  bool has_timezone = false; ///< else the scheduler's decides
  bool has_name = false;     ///< a name is there, though perhaps a bad one
  source_place name_place;
};

/// Reads a job. Every mistake in it is reported, with its name.
job_entry read_job(const config_file& file, config_faults& faults,
                   const config_node& node, const known_functions& known,
                   zone_finder& zones);

} // namespace jobq
