#pragma once
#include "actors/keeper.hpp"
#include "extensions/executor.hpp"
