#pragma once
#include "queue/store.hpp"
#include <unistd.h>
