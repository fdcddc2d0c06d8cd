#include <caf/actor_system.hpp>
#include <soci/soci.h>
