#pragma once

#include <string_view>

namespace jobq {

/// Tells the service manager how things stand (sd_notify(3)): `READY=1`,
/// `STOPPING=1`, `RELOADING=1`, `STATUS=…`, several separated by line feeds.
/// Does nothing when nobody asked for it (no `NOTIFY_SOCKET`).
void notify_manager(std::string_view state);

/// `RELOADING=1` with the monotonic time that `Type=notify-reload` wants.
void notify_reloading();

} // namespace jobq
