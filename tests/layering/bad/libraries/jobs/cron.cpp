#include <caf/actor_system.hpp>
#include <date/tz.h>
