#pragma once
#include "actors/keeper.hpp"
#include "queue/store.hpp"
