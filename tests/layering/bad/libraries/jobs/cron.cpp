#include <date/tz.h>
#include <caf/actor_system.hpp>
