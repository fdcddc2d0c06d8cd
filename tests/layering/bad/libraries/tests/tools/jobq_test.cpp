#include <gtest/gtest.h>
#include <cxxopts.hpp>
