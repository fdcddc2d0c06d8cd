#pragma once

#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/beast/core/error.hpp>

#include "tools/unix_socket.hpp"

namespace jobq {

/// A socket as Beast reads and writes it, with deadlines: Asio's synchronous
/// calls know none. Included by the few files that speak HTTP.
class socket_stream {
public:
  using error_code = boost::beast::error_code;
  using clock = std::chrono::steady_clock;

  explicit socket_stream(int fd) : fd_{fd} {}

  /// Reads past this instant end with `timed_out`.
  void read_until(clock::time_point deadline) { read_deadline_ = deadline; }

  /// How long a write may find no room.
  void write_patience(std::chrono::milliseconds value) { patience_ = value; }

  /// Into the first buffer that has room.
  template <class Buffers>
  std::size_t read_some(const Buffers& buffers, error_code& failed) {
    namespace asio = boost::asio;
    const auto end = asio::buffer_sequence_end(buffers);
    auto at = asio::buffer_sequence_begin(buffers);
    while (at != end && asio::mutable_buffer{*at}.size() == 0)
      ++at;
    failed = {};
    if (at == end)
      return 0;
    const asio::mutable_buffer into{*at};
    return transfer(
        POLLIN, read_deadline_,
        [&] { return ::recv(fd_, into.data(), into.size(), MSG_DONTWAIT); },
        failed);
  }

  /// All buffers at once, as far as there is room: a message in many small
  /// pieces would wake its reader for each.
  template <class Buffers>
  std::size_t write_some(const Buffers& buffers, error_code& failed) {
    namespace asio = boost::asio;
    std::array<iovec, most_pieces> pieces;
    msghdr message{};
    message.msg_iov = pieces.data();
    const auto end = asio::buffer_sequence_end(buffers);
    for (auto at = asio::buffer_sequence_begin(buffers);
         at != end && message.msg_iovlen < most_pieces; ++at) {
      const asio::const_buffer from{*at};
      if (from.size() > 0)
        pieces[message.msg_iovlen++]
            = {const_cast<void*>(from.data()), from.size()};
    }
    failed = {};
    if (message.msg_iovlen == 0)
      return 0;
    return transfer(
        POLLOUT, clock::now() + patience_,
        [&] { return ::sendmsg(fd_, &message, MSG_DONTWAIT | MSG_NOSIGNAL); },
        failed);
  }

  template <class Buffers>
  std::size_t read_some(const Buffers& buffers) {
    error_code failed;
    const auto size = read_some(buffers, failed);
    if (failed)
      throw boost::system::system_error{failed};
    return size;
  }

  template <class Buffers>
  std::size_t write_some(const Buffers& buffers) {
    error_code failed;
    const auto size = write_some(buffers, failed);
    if (failed)
      throw boost::system::system_error{failed};
    return size;
  }

private:
  static constexpr std::size_t most_pieces = 32;

  /// Calls `once` until it has moved something, waiting where needed.
  template <class Once>
  std::size_t transfer(short events, clock::time_point deadline,
                       const Once& once, error_code& failed) {
    namespace asio = boost::asio;
    for (;;) {
      const auto size = once();
      if (size > 0)
        return static_cast<std::size_t>(size);
      if (size == 0) {
        failed = asio::error::eof;
        return 0;
      }
      if (errno == EINTR)
        continue;
      if (errno != EAGAIN && errno != EWOULDBLOCK) {
        failed.assign(errno, boost::system::system_category());
        return 0;
      }
      if (!wait_for(fd_, events, deadline)) {
        failed = asio::error::timed_out;
        return 0;
      }
    }
  }

  int fd_;
  clock::time_point read_deadline_ = clock::time_point::max();
  std::chrono::milliseconds patience_ = std::chrono::seconds{30};
};

} // namespace jobq
