#pragma once
#include "queue/records.pb.h"
#include <google/protobuf/message.h>
#include <rocksdb/db.h>
