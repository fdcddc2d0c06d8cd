#include "bench/measurement.hpp"
#include "bench/rig.hpp"

namespace jobq::bench {
namespace {

namespace fs = std::filesystem;

/// Fills a store and leaves its files as they are in the middle of its life: as
/// a process that is killed leaves them.
result<void> fill_and_die(rig_options options, const fs::path& elsewhere,
                          const scenario& what) {
  const auto left = options.directory / "store";
  options.directory = elsewhere;
  auto target = rig::open(options);
  if (!target)
    return tl::unexpected{target.error()};
  if (auto ok = (*target)->fill(what.depth, what.payload); !ok)
    return ok;
  settle();
  fs::create_directories(left);
  for (const auto& file : fs::directory_iterator{elsewhere / "store"}) {
    const auto to = left / file.path().filename();
    // Those never change; all others may.
    if (file.path().extension() == ".sst")
      fs::create_hard_link(file.path(), to);
    else
      fs::copy_file(file.path(), to);
  }
  return {};
}

} // namespace

/// From the start of the program's work to the first run's begin.
result<measurement> restart(const scenario& what,
                            const std::string& directory) {
  scratch place{directory};
  rig_options options;
  options.directory = place.path() / "killed";
  options.capture = false;
  options.workers = 1;
  if (auto ok = fill_and_die(options, place.path() / "alive", what); !ok)
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
