#include <cxxopts.hpp>
#include <nlohmann/json.hpp>

#include "actors/keeper.hpp"
