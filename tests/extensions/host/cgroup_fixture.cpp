#include "tests/extensions/host/cgroup_fixture.hpp"

#include <sched.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <sstream>
#include <system_error>

#include "extensions/host/cgroup_text.hpp"

namespace jobq {

namespace fs = std::filesystem;
using namespace hosting;

namespace {

fs::path fresh_directory() {
  auto name = (fs::temp_directory_path() / "jobq-groups-XXXXXX").string();
  return ::mkdtemp(name.data()) != nullptr ? fs::path{name} : fs::path{};
}

/// For this thread alone: another test's server might take it for its own.
bool mount_groups(const fs::path& place) {
  return ::unshare(CLONE_NEWNS) == 0
         && ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0
         && ::mount("none", place.c_str(), "cgroup2", 0, nullptr) == 0;
}

} // namespace

temporary_directory::temporary_directory() : path_{fresh_directory()} {}

temporary_directory::~temporary_directory() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

fake_groups::fake_groups() : own_{directory_.path() / "own"} {
  fs::create_directory(own_);
  put(own_ / "cgroup.type", "domain\n");
  put(own_ / "cgroup.controllers", "cpu memory pids\n");
  put(own_ / "cgroup.subtree_control", "");
  put(own_ / "cgroup.procs", std::to_string(::getpid()) + "\n");
}

group_directories fake_groups::directories() const {
  return {
      [this](const fs::path& path) {
        std::error_code failed;
        if (!fs::create_directory(path, failed))
          return failed ? failed : std::make_error_code(std::errc::file_exists);
        put(path / "cgroup.type", "domain\n");
        put(path / "cgroup.controllers", controllers);
        for (const auto* empty :
             {"cgroup.procs", "cgroup.kill", "cgroup.subtree_control"})
          put(path / empty, "");
        if (controllers.find("memory") != std::string::npos) {
          for (const auto* empty :
               {"memory.max", "memory.swap.max", "memory.oom.group"})
            put(path / empty, "");
          put(path / "memory.events", memory_events);
          put(path / "memory.peak", memory_peak);
        }
        if (!hosts_can_enter && path.filename().string().starts_with("host-"))
          fs::remove(path / "cgroup.procs");
        if (controllers.find("pids") != std::string::npos)
          put(path / "pids.max", "");
        return failed;
      },
      [](const fs::path& path) {
        std::error_code failed;
        fs::remove_all(path, failed);
        return failed;
      }};
}

void fake_groups::put(const fs::path& file, const std::string& text) {
  std::ofstream{file} << text;
}

std::string fake_groups::get(const fs::path& file) {
  std::stringstream text;
  text << std::ifstream{file}.rdbuf();
  return text.str();
}

real_group::real_group() {
  const auto last = [] { return std::generic_category().message(errno); };
  const control_group self{"/proc/self"};
  const auto group = cgroup_of(self.read("cgroup").value_or(""));
  if (!group) {
    why_not_ = "no cgroup2 in this kernel";
    return;
  }
  mount_ = fresh_directory();
  const bool mounted = mount_groups(mount_);
  why_not_ = "can't mount cgroup2: " + last();
  for (const auto& mount : cgroup_mounts(self.read("mountinfo").value_or(""))) {
    if (mounted && mount.point != mount_)
      continue;
    const auto own = directory_of(mount, *group);
    if (!own)
      continue;
    path_ = *own / ("jobq-test-" + std::to_string(::getpid()));
    if (::mkdir(path_.c_str(), 0755) == 0) {
      const auto opened = host_groups::open(path_, ::getpid());
      why_not_ = opened ? "" : opened.error().message;
      return;
    }
    why_not_ = "can't make " + path_.string() + ": " + last();
  }
}

real_group::~real_group() {
  if (!path_.empty()) {
    for (const auto& below : control_group{path_}.descendants())
      ::rmdir(below.directory().c_str());
    ::rmdir(path_.c_str());
  }
  // Nothing is removed but what is empty: below the mount are all groups of the
  // machine.
  ::umount2(mount_.c_str(), MNT_DETACH);
  ::rmdir(mount_.c_str());
}

group_directories real_group::directories() {
  auto made = kernel_directories();
  made.patience = std::chrono::seconds{20};
  return made;
}

std::size_t real_group::groups() const {
  return control_group{path_}.descendants().size();
}

} // namespace jobq
