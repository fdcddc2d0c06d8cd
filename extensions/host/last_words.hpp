#pragma once

#include <sys/types.h>

namespace jobq::hosting {

/// What a runner that has lost its server leaves for its warden to find, since
/// a function may end the process with any exit code.

/// Of the warden, before there is a runner. @returns false without memory
bool share_last_words();

/// Ends this process, the runner or one of its children, since its socket is
/// gone: without its server it has nothing to live for.
[[noreturn]] void end_without_server();

/// Of the warden: whether that was how the runner ended.
bool ended_without_server(pid_t runner);

} // namespace jobq::hosting
