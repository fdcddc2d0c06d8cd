#pragma once
#include "actors/keeper.hpp"
