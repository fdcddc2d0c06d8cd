#include <jobq_extension.hpp>

using namespace jobq::extension;

JOBQ_EXTENSION("twice", "1",
               {{"same", "", [](context&) { return succeeded(); }},
                {"same", "", [](context&) { return succeeded(); }}})
