#pragma once

#include <string>

#include "tools/cli/fields.hpp"
#include "tools/cli/style.hpp"

namespace jobq {

/// What a run is called on the screen: its job, or its function when it has
/// none.
std::string run_name(const json& run);

/// What a run came to in a word: its outcome, `expired` or the like when it has
/// a reason, or its state.
std::string run_status(const json& run);

/// `history`: finished runs as a table.
std::string render_history(const json& runs, const style& look);

/// `history --follow`: one finished run as a line.
std::string render_completion(const json& run, const style& look);

/// `runs`: the queue as a table.
std::string render_queue(const json& runs, const style& look);

/// `run-info`: one run, attempt by attempt.
std::string render_run(const json& run, const style& look);

/// What a run came to, with its counters, in one line.
std::string render_result(const json& run, const style& look);

/// A progress bar in one line that fits the terminal.
std::string render_progress(const std::string& name, double fraction,
                            const std::string& message, const style& look);

} // namespace jobq
