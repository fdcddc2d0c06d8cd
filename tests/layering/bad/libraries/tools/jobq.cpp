#include "queue/records.pb.h"
#include <caf/all.hpp>
#include <cxxopts.hpp>
#include <rocksdb/db.h>
