#pragma once

#include <map>
#include <string>

#include "jobs/time.hpp"
#include "tools/cli/target.hpp"

namespace jobq {

/// The mean duration of each job's successful runs, as a server or a store has
/// measured it; jobs that never succeeded are left out. Empty when there is
/// neither, or no answer: what was measured is a help, no condition.
std::map<std::string, milliseconds> measured_means(target& where);

} // namespace jobq
