#pragma once
#include <rocksdb/db.h>
#include <google/protobuf/message.h>
#include "queue/records.pb.h"
