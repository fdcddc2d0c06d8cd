#include <soci/soci.h>
#include <caf/actor_system.hpp>
