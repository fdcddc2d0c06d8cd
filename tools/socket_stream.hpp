#pragma once

#include <poll.h>
#include <sys/socket.h>

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

  template <class Buffers>
  std::size_t read_some(const Buffers& buffers, error_code& failed) {
    return each<boost::asio::mutable_buffer>(
        buffers, POLLIN, read_deadline_,
        [this](const boost::asio::mutable_buffer& into) {
          return ::recv(fd_, into.data(), into.size(), MSG_DONTWAIT);
        },
        failed);
  }

  template <class Buffers>
  std::size_t write_some(const Buffers& buffers, error_code& failed) {
    return each<boost::asio::const_buffer>(
        buffers, POLLOUT, clock::now() + patience_,
        [this](const boost::asio::const_buffer& from) {
          return ::send(fd_, from.data(), from.size(),
                        MSG_DONTWAIT | MSG_NOSIGNAL);
        },
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
  /// Transfers the first buffer that is not empty, waiting where needed.
  template <class Buffer, class Buffers, class Transfer>
  std::size_t each(const Buffers& buffers, short events,
                   clock::time_point deadline, const Transfer& transfer,
                   error_code& failed) {
    namespace asio = boost::asio;
    failed = {};
    const auto end = asio::buffer_sequence_end(buffers);
    for (auto at = asio::buffer_sequence_begin(buffers); at != end; ++at) {
      const Buffer buffer{*at};
      if (buffer.size() == 0)
        continue;
      while (true) {
        const auto size = transfer(buffer);
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
    return 0;
  }

  int fd_;
  clock::time_point read_deadline_ = clock::time_point::max();
  std::chrono::milliseconds patience_ = std::chrono::seconds{30};
};

} // namespace jobq
