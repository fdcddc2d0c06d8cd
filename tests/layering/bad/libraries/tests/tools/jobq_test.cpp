#include <cxxopts.hpp>
#include <gtest/gtest.h>
