#pragma once
#include "jobs/run.hpp"
