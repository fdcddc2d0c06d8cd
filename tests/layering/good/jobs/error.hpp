/// A comment may stand above it.
#pragma once

#include <string>

#include <tl/expected.hpp>
