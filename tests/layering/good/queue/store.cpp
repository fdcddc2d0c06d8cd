#include "queue/store.hpp" // its own one first

#include <fcntl.h>
#include <rocksdb/db.h>
#include <sys/stat.h>

#include "jobs/error.hpp"
#include "queue/records.pb.h"
