#pragma once

#include <cstddef>

#include "queue/store.hpp"

namespace jobq {

/// About how many bytes a command will add to its commit. A guess suffices: it
/// only bounds how long everyone waits for one commit, and how much waits.
std::size_t size_of(const any_command& what);

} // namespace jobq
