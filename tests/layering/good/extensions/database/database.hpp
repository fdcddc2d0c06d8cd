#pragma once

#include "jobs/error.hpp"
