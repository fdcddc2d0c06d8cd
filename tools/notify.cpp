#include "tools/notify.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <string>

#include "tools/unix_socket.hpp"

namespace jobq {

void notify_manager(std::string_view state) {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): nobody changes the environment
  const char* named = std::getenv("NOTIFY_SOCKET");
  if (named == nullptr)
    return;
  const std::string path = named;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof(address.sun_path)
      || (path[0] != '/' && path[0] != '@'))
    return;
  std::copy(path.begin(), path.end(), std::begin(address.sun_path));
  // A leading @ stands for the zero byte of an abstract address.
  if (path[0] == '@')
    address.sun_path[0] = '\0';
  const auto size
      = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size());
  const unique_fd socket{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
  (void)::sendto(socket.get(), state.data(), state.size(), MSG_NOSIGNAL,
                 reinterpret_cast<const sockaddr*>(&address), size);
}

void notify_reloading() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  const auto microseconds
      = static_cast<long long>(now.tv_sec) * 1'000'000 + now.tv_nsec / 1'000;
  notify_manager("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(microseconds));
}

} // namespace jobq
