#include <soci/soci.h>

#include "extensions/executor.hpp"
