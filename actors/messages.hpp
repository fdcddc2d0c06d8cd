#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "extensions/executor.hpp"
#include "jobs/config.hpp"
#include "jobs/outcome.hpp"
#include "jobs/run.hpp"
#include "jobs/tick.hpp"
#include "queue/committer.hpp"
#include "queue/store.hpp"

namespace jobq {

// Payloads of messages: large ones travel as shared values that nobody changes.

/// Commands to commit; they may share a commit with others. The receiver takes
/// them out.
using command_batch = std::shared_ptr<std::vector<any_command>>;

/// One result per command.
using reply_batch = std::shared_ptr<const std::vector<result<reply>>>;

using run_batch = std::shared_ptr<const std::vector<run_ptr>>;
using completion_batch = std::shared_ptr<const std::vector<completion>>;
using config_ptr = std::shared_ptr<const configuration>;

/// Ends of attempts that are recorded together, and what the supervisor knows
/// them by.
struct end_batch {
  std::uint64_t number = 0;
  std::vector<attempt_end_ptr> ends;
};
using end_batch_ptr = std::shared_ptr<const end_batch>;

/// Whom to stop, and why.
struct stop_order {
  attempt_id which;
  stop_reason why = stop_reason::cancel;
};

/// A switch to set, and whom to tell once it is committed.
struct switch_order {
  job_switch value;
  std::function<void(result<job_switch>)> done;
};

} // namespace jobq
