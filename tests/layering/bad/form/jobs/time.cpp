#include <chrono>

#include "jobs/time.hpp"
