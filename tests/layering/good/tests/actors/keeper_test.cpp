#include "actors/keeper.hpp"

#include <gtest/gtest.h>
