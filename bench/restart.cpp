#include "bench/measurement.hpp"
#include "bench/rig.hpp"

#include <sys/wait.h>
#include <unistd.h>

namespace jobq::bench {
namespace {

/// Fills a store in a child that is killed in the middle of its life.
result<void> fill_and_die(const rig_options& options, const scenario& what) {
  const auto child = ::fork();
  if (child < 0)
    return fail(errc::io, "no child process");
  if (child == 0) {
    auto target = rig::open(options);
    const bool filled
        = target && (*target)->fill(what.depth, what.payload).has_value();
    if (!filled)
      ::_exit(1);
    ::kill(::getpid(), SIGKILL);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  if (!WIFSIGNALED(status))
    return fail(errc::io, "the store could not be filled");
  return {};
}

} // namespace

/// From the start of the program's work to the first run's begin.
result<measurement> restart(const scenario& what,
                            const std::string& directory) {
  scratch place{directory};
  rig_options options;
  options.directory = place.path();
  options.capture = false;
  options.workers = 1;
  if (auto ok = fill_and_die(options, what); !ok)
    return tl::unexpected{ok.error()};
  measurement made;
  made.what = what;
  made.count = 1;
  const auto cpu = cpu_time();
  const auto begun = steady::now();
  auto target = rig::open(options);
  if (!target)
    return tl::unexpected{target.error()};
  const auto opened = steady::now();
  if (auto ok = (*target)->start({}, true); !ok)
    return tl::unexpected{ok.error()};
  auto feed = (*target)->engine->subscribe(0);
  auto first = feed->next(seconds{60});
  made.took = steady::now() - begun;
  made.cpu = cpu_time() - cpu;
  made.resident = resident_bytes();
  if (!first || first->empty())
    return fail(errc::internal, "no run was executed");
  made.note
      = "open after "
        + std::to_string(
            std::chrono::floor<milliseconds>(opened - begun).count())
        + " ms, first run finished after "
        + std::to_string(std::chrono::floor<milliseconds>(made.took).count())
        + " ms";
  return made;
}

} // namespace jobq::bench
