#include <caf/all.hpp>
#include <cxxopts.hpp>
#include <rocksdb/db.h>
