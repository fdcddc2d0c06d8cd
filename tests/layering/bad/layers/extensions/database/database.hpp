#pragma once
#include "extensions/executor.hpp"
