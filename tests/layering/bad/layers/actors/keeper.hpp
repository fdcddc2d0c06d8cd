#pragma once
#include "extensions/core/cleanup.hpp"
#include "extensions/executor.hpp"
#include "tools/api.hpp"
