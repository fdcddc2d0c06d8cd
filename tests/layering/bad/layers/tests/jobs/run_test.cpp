#include "jobs/run.hpp"
#include "queue/store.hpp"
