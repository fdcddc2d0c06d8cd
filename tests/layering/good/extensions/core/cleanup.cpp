#include "extensions/database/database.hpp"
#include "extensions/executor.hpp"
