#include "extensions/host/host_groups.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <thread>
#include <utility>

#include "extensions/host/cgroup_text.hpp"

namespace jobq::hosting {

namespace fs = std::filesystem;

namespace {

const std::string prefix = "jobq-hosts-";
const std::string server_group = "server";

tl::unexpected<error> refuse(errc code, const std::string& what,
                             const std::error_code& why) {
  return fail(code, what + ": " + why.message());
}

/// Opens and locks a directory. @returns -1 when another process has it
int lock(const fs::path& directory) {
  const int opened
      = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (opened < 0 || ::flock(opened, LOCK_EX | LOCK_NB) == 0)
    return opened;
  ::close(opened);
  return -1;
}

/// Whether the open directory is still the one of that name.
bool is_still(int opened, const fs::path& directory) {
  struct stat ours {};
  struct stat theirs {};
  return ::fstat(opened, &ours) == 0 && ::stat(directory.c_str(), &theirs) == 0
         && ours.st_ino == theirs.st_ino && ours.st_dev == theirs.st_dev;
}

/// Whether a process of ours can go into a group. Permissions do not tell all:
/// a part of the tree may be threaded, or out of bounds.
std::error_code visit(const control_group& group) {
  const auto file = group.directory() / "cgroup.procs";
  const auto* path = file.c_str();
  const auto child = ::fork();
  if (child < 0)
    return {errno, std::generic_category()};
  if (child == 0) {
    // Other threads may have held locks: system calls alone.
    const int to = ::open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
    ::_exit(to >= 0 && ::write(to, "0", 1) == 1 ? 0 : errno);
  }
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  const int code = WIFEXITED(status) ? WEXITSTATUS(status) : EIO;
  return {code, std::generic_category()};
}

std::error_code from_errno(int failed) {
  return failed == 0 ? std::error_code{}
                     : std::error_code{errno, std::generic_category()};
}

} // namespace

group_directories kernel_directories() {
  return {
      [](const fs::path& path) {
        return from_errno(::mkdir(path.c_str(), 0755));
      },
      [](const fs::path& path) { return from_errno(::rmdir(path.c_str())); }};
}

host_group::~host_group() {
  all_->give_back(group_);
}

result<std::shared_ptr<host_groups>> host_groups::find() {
  const control_group proc{"/proc/self"};
  const auto group = cgroup_of(proc.read("cgroup").value_or(""));
  if (!group)
    return fail(errc::unsupported, "the kernel has no control groups of "
                                   "version 2");
  std::string why = "no cgroup2 file system is mounted";
  for (const auto& mount : cgroup_mounts(proc.read("mountinfo").value_or(""))) {
    const auto directory = directory_of(mount, *group);
    if (!directory) {
      why = mount.point.string() + " does not show the server's control group";
      continue;
    }
    auto opened = open(*directory, ::getpid());
    if (opened)
      return opened;
    why = opened.error().message;
  }
  return fail(errc::unsupported, std::move(why));
}

result<std::shared_ptr<host_groups>>
host_groups::open(const fs::path& own, pid_t server,
                  group_directories directories) {
  std::shared_ptr<host_groups> made{
      new host_groups{own, server, std::move(directories)}};
  if (auto why = why_not_delegated(made->own_); !why.empty())
    return fail(errc::unsupported, std::move(why));
  made->remove_stale();
  if (auto parent = made->open_parent(); !parent)
    return tl::unexpected(parent.error());
  made->take_controllers();
  if (auto tried = made->try_out(); !tried)
    return tl::unexpected(tried.error());
  return made;
}

host_groups::host_groups(const fs::path& own, pid_t server,
                         group_directories directories)
    : own_{own}, server_{server}, directories_{std::move(directories)},
      parent_{own / (prefix + std::to_string(server))} {}

host_groups::~host_groups() {
  if (lock_ >= 0) {
    kill_and_wait(parent_);
    ::close(lock_);
  }
  if (moved_)
    move_back();
}

void host_groups::remove_stale() {
  std::error_code failed;
  for (fs::directory_iterator each{own_.directory(), failed}, end;
       !failed && each != end; each.increment(failed)) {
    const auto name = each->path().filename().string();
    if (!name.starts_with(prefix)
        || name.find_first_not_of("0123456789", prefix.size())
               != std::string::npos)
      continue;
    const int held = lock(each->path());
    if (held < 0)
      continue;
    const control_group stale{each->path()};
    kill_and_wait(stale);
    ::close(held);
  }
}

result<void> host_groups::open_parent() {
  const auto& path = parent_.directory();
  const auto what = "can't make the control group " + path.string();
  // Between making and locking it could be taken for a dead server's.
  for (int i = 0; i < 100; ++i) {
    if (const auto failed = directories_.make(path);
        failed && failed != std::errc::file_exists)
      return refuse(errc::unsupported, what, failed);
    const int held = lock(path);
    if (held >= 0 && is_still(held, path)) {
      lock_ = held;
      return {};
    }
    if (held >= 0)
      ::close(held);
    std::this_thread::sleep_for(std::chrono::milliseconds{1});
  }
  return fail(errc::unsupported, what + ": another server holds it");
}

/// As many controllers as can be had; none is no error.
void host_groups::take_controllers() {
  auto plan = plan_for(facts_of(own_), server_);
  missing_ = std::move(plan.missing);
  if (plan.move_server)
    moved_ = move_server();
  if ((moved_ || !plan.move_server) && !enable(plan.enable) && moved_)
    move_back();
  const auto hand_on = [this](const std::string& controller) {
    return own_.enables(controller) && !parent_.enable(controller);
  };
  memory_ = hand_on(memory_controller);
  processes_ = hand_on(pids_controller);
}

bool host_groups::move_server() {
  const control_group leaf{own_.directory() / server_group};
  auto failed = directories_.make(leaf.directory());
  if (!failed || failed == std::errc::file_exists)
    failed = leaf.add(server_);
  if (failed)
    missing_ = "can't move the server to " + leaf.directory().string() + ": "
               + failed.message();
  return !failed;
}

/// One by one, so that one that is refused does not cost the other.
/// @returns whether there is any
bool host_groups::enable(const std::vector<std::string>& controllers) {
  bool any = false;
  for (const auto& each : controllers) {
    const auto failed = own_.enable(each);
    if (failed)
      missing_ += (missing_.empty() ? "" : "; ") + ("no controller " + each)
                  + ": " + failed.message();
    any = any || !failed;
  }
  return any;
}

void host_groups::move_back() {
  // A group that hands controllers on takes no process.
  for (const auto& each : {memory_controller, pids_controller})
    if (own_.enables(each))
      own_.write("cgroup.subtree_control", "-" + each);
  if (!own_.add(server_))
    directories_.remove(own_.directory() / server_group);
  moved_ = false;
}

result<void> host_groups::try_out() {
  auto probe = make("probe");
  if (!probe)
    return tl::unexpected(probe.error());
  const auto failed = visit(*probe);
  kill_and_wait(*probe);
  if (failed)
    return refuse(errc::unsupported,
                  "no process can be moved to " + parent_.directory().string(),
                  failed);
  return {};
}

result<control_group> host_groups::make(const std::string& name) {
  control_group made{parent_.directory() / name};
  if (const auto failed = directories_.make(made.directory()))
    return refuse(errc::unavailable,
                  "can't make the control group " + made.directory().string(),
                  failed);
  return made;
}

result<std::unique_ptr<host_group>>
host_groups::add(const group_limits& limits) {
  std::string name = "host-";
  {
    const std::lock_guard guard{mutex_};
    std::erase_if(left_,
                  [this](const auto& each) { return kill_and_remove(each); });
    name += std::to_string(++made_);
  }
  auto group = make(name);
  if (!group)
    return tl::unexpected(group.error());
  auto made = std::make_unique<host_group>(shared_from_this(), *group);
  if (memory_ && limits.memory > 0)
    if (const auto failed = group->limit_memory(limits.memory))
      return refuse(errc::unavailable,
                    "can't limit the memory of " + group->directory().string(),
                    failed);
  if (processes_ && limits.processes > 0)
    if (const auto failed = group->limit_processes(limits.processes))
      return refuse(errc::unavailable,
                    "can't limit the processes of "
                        + group->directory().string(),
                    failed);
  return made;
}

void host_groups::kill_and_wait(const control_group& group) {
  const auto deadline
      = std::chrono::steady_clock::now() + directories_.patience;
  while (!kill_and_remove(group) && std::chrono::steady_clock::now() < deadline)
    std::this_thread::sleep_for(std::chrono::milliseconds{1});
}

bool host_groups::kill_and_remove(const control_group& group) {
  group.kill();
  const auto gone = [](const std::error_code& failed) {
    return !failed || failed == std::errc::no_such_file_or_directory;
  };
  for (const auto& below : group.descendants())
    directories_.remove(below.directory());
  return gone(directories_.remove(group.directory()));
}

void host_groups::give_back(const control_group& group) {
  if (kill_and_remove(group))
    return;
  // The last of them are dying; nobody waits for that.
  const std::lock_guard guard{mutex_};
  left_.push_back(group);
}

} // namespace jobq::hosting
