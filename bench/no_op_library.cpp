// The function that bench/load runs in job hosts.
#include <jobq_extension.hpp>

JOBQ_EXTENSION("bench", "1",
               {{"no_op",
                 "Does nothing.",
                 [](jobq::extension::context&) {
                   return jobq::extension::succeeded();
                 },
                 {{"payload", ""}}}})
