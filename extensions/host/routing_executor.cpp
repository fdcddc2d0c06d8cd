#include "extensions/host/routing_executor.hpp"

#include <utility>

namespace jobq {

void routing_executor::start(const run& what, attempt_observer observer) {
  auto found = route_of_(what);
  if (!found) {
    observer.done(job_result::failed(found.error().message, false));
    return;
  }
  switch (found->where) {
  case isolation::process:
    hosts_.start(what, std::move(found->plan), std::move(observer));
    return;
  case isolation::thread:
    threads_.start(what, std::move(observer));
    return;
  case isolation::in_line:
    in_line_.start(what, std::move(observer));
    return;
  }
}

void routing_executor::stop(const run_id& id, stop_reason why) {
  // Whoever does not know the run ignores it.
  threads_.stop(id, why);
  in_line_.stop(id, why);
  hosts_.stop(id, why);
}

} // namespace jobq
