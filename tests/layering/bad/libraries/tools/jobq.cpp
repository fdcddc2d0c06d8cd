#include <cxxopts.hpp>
#include <caf/all.hpp>
#include <rocksdb/db.h>
#include "queue/records.pb.h"
