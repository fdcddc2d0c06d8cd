#include "jobs/overlap.hpp"

namespace jobq {
namespace {

overlap_verdict drop(std::string reason) {
  overlap_verdict verdict;
  verdict.enqueue = false;
  verdict.reason = std::move(reason);
  return verdict;
}

} // namespace

overlap_verdict decide_overlap(overlap_policy policy,
                               const unfinished& others) {
  if (others.running + others.waiting == 0)
    return {};
  switch (policy) {
  case overlap_policy::skip:
    return drop(others.running > 0 ? "the previous run was still running"
                                   : "the previous run had not started yet");
  case overlap_policy::buffer_one:
    if (others.waiting > 0)
      return drop("one run was waiting already");
    return {};
  case overlap_policy::buffer_all:
    if (others.waiting >= max_buffered_runs)
      return drop("1000 runs were waiting already");
    return {};
  case overlap_policy::cancel_other:
    return {.drop_waiting = true,
            .cancel_running = others.running > 0,
            .reason = {}};
  case overlap_policy::terminate_other:
    return {.drop_waiting = true,
            .terminate_running = others.running > 0,
            .reason = {}};
  case overlap_policy::allow_all:
    return {};
  }
  return {};
}

} // namespace jobq
