#include "tools/unix_socket.hpp"

#include <fcntl.h>
#include <poll.h>
#include <pwd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <vector>

namespace jobq {

namespace {

namespace fs = std::filesystem;

std::string reason(int code) {
  return std::generic_category().message(code);
}

/// A socket's address. An address holds 107 bytes, so a longer path is named by
/// way of its open directory.
struct address {
  sockaddr_un raw{};
  unique_fd directory; ///< kept open while the address is in use

  const sockaddr* get() const noexcept {
    return reinterpret_cast<const sockaddr*>(&raw);
  }
};

result<address> address_of(const fs::path& path) {
  address made;
  made.raw.sun_family = AF_UNIX;
  auto text = path.string();
  if (text.size() >= sizeof(made.raw.sun_path)) {
    const auto parent = path.parent_path();
    made.directory.reset(
        ::open(parent.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!made.directory) {
      const int code = errno;
      return fail(code == ENOENT ? errc::unavailable : errc::io,
                  parent.string() + ": " + reason(code));
    }
    text = "/proc/self/fd/" + std::to_string(made.directory.get()) + "/"
           + path.filename().string();
    if (text.size() >= sizeof(made.raw.sun_path))
      return fail(errc::invalid_argument,
                  path.string() + ": too long a name for a socket");
  }
  std::copy(text.begin(), text.end(), std::begin(made.raw.sun_path));
  return made;
}

unique_fd make_socket() {
  return unique_fd{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
}

/// Connects; 0 or the errno.
int try_connect(const unique_fd& socket, const address& to) {
  int code = 0;
  do {
    code = ::connect(socket.get(), to.get(), sizeof(to.raw)) == 0 ? 0 : errno;
  } while (code == EINTR);
  return code;
}

/// Makes room for a socket at `path`, unless somebody lives there.
result<void> clear_stale(const fs::path& path, const address& where) {
  struct stat found {};
  if (::lstat(path.c_str(), &found) != 0) {
    const int code = errno;
    if (code == ENOENT)
      return {};
    return fail(errc::io, path.string() + ": " + reason(code));
  }
  if (!S_ISSOCK(found.st_mode))
    return fail(errc::already_exists,
                path.string() + " is in the way: it is not a socket");
  const auto probe = make_socket();
  const int code = try_connect(probe, where);
  // EAGAIN: its backlog is full, so it lives.
  if (code == 0 || code == EAGAIN)
    return fail(errc::busy,
                "a server is already listening on " + path.string());
  if (code != ECONNREFUSED && code != ENOENT)
    return fail(errc::io, path.string() + ": " + reason(code));
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) {
    const int failed = errno;
    return fail(errc::io, path.string()
                              + ": can't remove the socket that a dead server "
                                "left: "
                              + reason(failed));
  }
  return {};
}

std::string user_name(uid_t uid) {
  std::vector<char> buffer(4096);
  passwd entry{};
  passwd* found = nullptr;
  int code = 0;
  while (
      (code = ::getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &found))
          == ERANGE
      && buffer.size() < (1U << 20))
    buffer.resize(buffer.size() * 2);
  if (code == 0 && found != nullptr)
    return found->pw_name;
  return "uid " + std::to_string(uid);
}

} // namespace

void unique_fd::reset(int fd) noexcept {
  if (const int old = std::exchange(fd_, fd); old >= 0)
    ::close(old);
}

result<unique_fd> listen_on(const fs::path& path) {
  const auto where = address_of(path);
  if (!where)
    return tl::unexpected(where.error());
  if (auto cleared = clear_stale(path, *where); !cleared)
    return tl::unexpected(cleared.error());
  auto listener = make_socket();
  // Linux gives the file the mode that the socket has when it is bound, so that
  // there is no moment at which others could connect.
  if (!listener || ::fchmod(listener.get(), 0600) != 0
      || ::bind(listener.get(), where->get(), sizeof(where->raw)) != 0
      || ::chmod(path.c_str(), 0600) != 0
      || ::listen(listener.get(), 128) != 0) {
    const int code = errno;
    return fail(errc::io, path.string() + ": " + reason(code));
  }
  return listener;
}

result<unique_fd> connect_to(const fs::path& path) {
  const auto where = address_of(path);
  if (!where)
    return tl::unexpected(where.error());
  auto socket = make_socket();
  if (!socket)
    return fail(errc::io, "can't make a socket: " + reason(errno));
  const int code = try_connect(socket, *where);
  if (code == 0)
    return socket;
  if (code == ENOENT || code == ECONNREFUSED || code == ENOTDIR)
    return fail(errc::unavailable,
                "no server is listening on " + path.string());
  return fail(code == EAGAIN ? errc::busy : errc::io,
              path.string() + ": " + reason(code));
}

socket_file::socket_file(fs::path path) : path_{std::move(path)} {
  struct stat found {};
  if (::lstat(path_.c_str(), &found) == 0) {
    device_ = found.st_dev;
    inode_ = found.st_ino;
  }
}

void socket_file::remove() const {
  struct stat found {};
  if (::lstat(path_.c_str(), &found) == 0 && found.st_dev == device_
      && found.st_ino == inode_)
    ::unlink(path_.c_str());
}

std::string peer_user(int fd) {
  ucred peer{};
  socklen_t size = sizeof(peer);
  if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0)
    return "unknown";
  return user_name(peer.uid);
}

std::string own_user() {
  return user_name(::geteuid());
}

bool wait_for(int fd, short events,
              std::chrono::steady_clock::time_point deadline) {
  using namespace std::chrono;
  while (true) {
    const auto left
        = ceil<milliseconds>(deadline - steady_clock::now()).count();
    const auto bounded
        = static_cast<int>(std::clamp<milliseconds::rep>(left, 0, 1 << 30));
    pollfd watched{fd, events, 0};
    const int ready = ::poll(&watched, 1, bounded);
    if (ready > 0)
      return true;
    if (ready < 0 && errno != EINTR)
      return true;
    if (ready == 0 && bounded == left)
      return false;
    if (left <= 0)
      return false;
  }
}

bool has_hung_up(int fd) {
  pollfd watched{fd, 0, 0};
  return ::poll(&watched, 1, 0) > 0
         && (watched.revents & (POLLHUP | POLLERR | POLLNVAL)) != 0;
}

} // namespace jobq
