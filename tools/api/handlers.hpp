#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "jobs/config.hpp"
#include "jobs/error.hpp"
#include "tools/api/api.hpp"
#include "tools/api/json.hpp"

namespace jobq {

/// A request that found its route, with its input read.
struct api_call {
  runtime& target;
  const std::map<std::string, std::string>& query;
  json body;                      ///< an object
  std::vector<std::string> names; ///< what stands for the path's `{…}`
  std::string user;
  time_point now{};
  std::shared_ptr<const configuration> config;
};

using api_handler = result<json> (*)(const api_call&);
using stream_handler = result<void> (*)(const api_call&, const line_sink&,
                                        const std::function<bool()>& cancelled);

// api_jobs.cpp
result<json> list_jobs(const api_call& call);
result<json> show_job(const api_call& call);
result<json> run_job(const api_call& call);
result<json> enable_job(const api_call& call);
result<json> disable_job(const api_call& call);

// api_batch.cpp
result<json> enqueue_runs(const api_call& call);

// api_functions.cpp
result<json> run_function(const api_call& call);

// api_history.cpp
result<json> list_history(const api_call& call);
result<void> stream_history(const api_call& call, const line_sink& sink,
                            const std::function<bool()>& cancelled);

// api_ticks.cpp
result<json> list_ticks(const api_call& call);

// api_replay.cpp
result<json> show_replay(const api_call& call);
result<json> apply_replay(const api_call& call);

// api_runs.cpp
result<json> list_runs(const api_call& call);
result<json> show_run(const api_call& call);
result<json> show_log(const api_call& call);
result<json> cancel_run(const api_call& call);
result<json> retry_run(const api_call& call);
result<json> discard_run(const api_call& call);

// api_run_stream.cpp
result<void> stream_run(const api_call& call, const line_sink& sink,
                        const std::function<bool()>& cancelled);

// api_server.cpp
result<json> show_status(const api_call& call);
result<json> reload_config(const api_call& call);
result<json> drain_server(const api_call& call);
result<json> stop_server(const api_call& call);

/// A configured job by its name.
/// @returns `not_found` with the closest name
result<const job_definition*> find_job(const api_call& call,
                                       const std::string& name);

/// Whether history may know the job: it is configured, or was once.
/// @returns `not_found` with the closest name
result<void> check_job_name(const api_call& call, const std::string& name);

/// A run of a job by hand, as a body with `parameters` and `enforce` asks for
/// it; both are checked. Does not enqueue it.
/// @returns `invalid_argument`, or `invalid_state` for a job without its
///   function
result<run> manual_run(const api_call& call, const job_definition& job,
                       const json& body);

/// Enqueues a run and answers with it.
result<json> enqueue_run(const api_call& call, run what);

} // namespace jobq
