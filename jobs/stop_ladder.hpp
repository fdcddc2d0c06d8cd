#pragma once

#include "jobs/time.hpp"

/// How long whoever was told to stop may take, from the inside out. A step
/// waits for those inside it and then some, so that whoever stands nearest to
/// what runs ends it, and tells how. docs/isolation.md has the picture.
namespace jobq::stop_ladder {

/// A program of the extension command has SIGTERM for so long, then SIGKILL.
inline constexpr milliseconds program = seconds{2};
/// A function in a job host is only asked for so long, then it gets SIGTERM.
/// One that runs a program needs time to tell of its end.
inline constexpr milliseconds asked = program + seconds{1};
/// From SIGTERM to SIGKILL.
inline constexpr milliseconds terminated = seconds{2};
/// From the order to kill a host until the server kills its warden with it.
inline constexpr milliseconds killed = seconds{1};
/// A function on a thread is given up after so long.
inline constexpr milliseconds on_thread = seconds{5};
/// An attempt is given up, whatever its executor says.
inline constexpr milliseconds attempt
    = asked + terminated + killed + seconds{2};

static_assert(on_thread < attempt);

} // namespace jobq::stop_ladder
