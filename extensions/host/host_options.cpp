#include "extensions/host/host_options.hpp"

#include <pwd.h>
#include <unistd.h>

#include <vector>

namespace jobq {

result<host_user> find_host_user(const std::string& name) {
  const auto refuse = [&name](const std::string& why) {
    return fail(errc::invalid_argument,
                "scheduler.run_as: \"" + name + "\" " + why);
  };
  std::vector<char> texts(16 * 1024);
  passwd entry{};
  passwd* found = nullptr;
  ::getpwnam_r(name.c_str(), &entry, texts.data(), texts.size(), &found);
  if (found == nullptr)
    return refuse("is no user of this machine: create it or name another");
  host_user made{name, found->pw_uid, found->pw_gid, found->pw_dir};
  if (made.uid == 0)
    return refuse("is root: name a user without privileges");
  if (::geteuid() == made.uid)
    return made;
  if (::geteuid() != 0)
    return refuse("can't be used: only a server that was started as root can "
                  "run jobs as another user; start it as root or leave run_as "
                  "out");
  return made;
}

host_profile profile_of(const std::filesystem::path& library,
                        std::int64_t stamp, const resource_limits& limits) {
  host_profile made;
  made.library = library;
  made.stamp = stamp;
  made.memory = limits.memory.value_or(0);
  if (limits.cpu_time)
    made.cpu_seconds = static_cast<std::uint64_t>(
        std::chrono::ceil<std::chrono::seconds>(*limits.cpu_time).count());
  return made;
}

} // namespace jobq
