#include "extensions/database/database.hpp"

#include <soci/soci.h>
