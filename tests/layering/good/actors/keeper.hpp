#pragma once

#include <caf/actor_system.hpp>

#include "extensions/executor.hpp"
#include "queue/store.hpp"
