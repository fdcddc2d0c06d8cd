#pragma once

namespace jobq::hosting {

/// From now on a fatal signal of this process prints its name and a stack trace
/// to standard error before it does what it does. An overflown stack too: the
/// handler has one of its own, on the calling thread.
void report_crashes();

} // namespace jobq::hosting
