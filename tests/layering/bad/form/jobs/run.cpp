#include "jobs/run.hpp"

#include "time.hpp"
#include "vector"
#include <jobs/time.hpp>
#  include JOBQ_HEADER
