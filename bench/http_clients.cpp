#include "bench/http_clients.hpp"

#include <cerrno>

#include <poll.h>
#include <sys/socket.h>

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

#include "tools/api/answer.hpp"
#include "tools/unix_socket.hpp"

namespace jobq::bench {
namespace {

namespace http = boost::beast::http;

constexpr int patience_ms = 10'000;

tl::unexpected<error> lost() {
  return fail(errc::unavailable, "the server did not answer");
}

} // namespace

/// One connection.
class http_clients::line {
public:
  explicit line(unique_fd socket) : socket_{std::move(socket)} {}

  int fd() const { return socket_.get(); }
  bool busy() const { return busy_; }

  /// Requests are small: they fit into the socket's buffer, or the server makes
  /// room without waiting for us.
  result<void> send(const std::string& request) {
    std::size_t sent = 0;
    while (sent < request.size()) {
      const auto size = ::send(fd(), request.data() + sent,
                               request.size() - sent, MSG_NOSIGNAL);
      if (size < 0 && errno != EINTR)
        return lost();
      if (size > 0)
        sent += static_cast<std::size_t>(size);
    }
    busy_ = true;
    answer_.emplace();
    answer_->eager(true);
    answer_->body_limit(boost::none);
    return {};
  }

  /// Takes what has arrived.
  /// @returns the body once it is complete
  result<std::optional<std::string>> receive() {
    constexpr std::size_t piece = 64 * 1024;
    auto room = buffer_.prepare(piece);
    const auto size = ::recv(fd(), room.data(), room.size(), MSG_DONTWAIT);
    if (size < 0 && (errno == EINTR || errno == EAGAIN))
      return std::nullopt;
    if (size <= 0)
      return lost();
    buffer_.commit(static_cast<std::size_t>(size));
    boost::beast::error_code failed;
    buffer_.consume(answer_->put(buffer_.data(), failed));
    if (failed && failed != http::error::need_more)
      return lost();
    if (!answer_->is_done())
      return std::nullopt;
    busy_ = false;
    auto& message = answer_->get();
    auto body = read_answer(
        {static_cast<int>(message.result_int()), std::move(message.body())});
    if (!body)
      return tl::unexpected{body.error()};
    return std::move(*body);
  }

private:
  unique_fd socket_;
  bool busy_ = false;
  boost::beast::flat_buffer buffer_;
  std::optional<http::response_parser<http::string_body>> answer_;
};

http_clients::http_clients() = default;
http_clients::~http_clients() = default;

result<std::unique_ptr<http_clients>>
http_clients::connect(const std::filesystem::path& socket, std::size_t count) {
  std::unique_ptr<http_clients> made{new http_clients};
  for (std::size_t i = 0; i < count; ++i) {
    auto connected = connect_to(socket);
    if (!connected)
      return tl::unexpected{connected.error()};
    made->lines_.push_back(std::make_unique<line>(std::move(*connected)));
  }
  return made;
}

std::string http_clients::post(const std::string& path,
                               const std::string& body) {
  return "POST " + path
         + " HTTP/1.1\r\nHost: jobq\r\nContent-Type: application/json\r\n"
           "Content-Length: "
         + std::to_string(body.size()) + "\r\n\r\n" + body;
}

std::string http_clients::get(const std::string& target) {
  return "GET " + target + " HTTP/1.1\r\nHost: jobq\r\n\r\n";
}

result<void> http_clients::exchange(const source& next, const sink& answered) {
  bool more = true;
  for (;;) {
    bool waiting = false;
    for (auto& one : lines_) {
      if (!one->busy() && more) {
        if (const auto request = next()) {
          if (auto ok = one->send(*request); !ok)
            return ok;
        } else {
          more = false;
        }
      }
      waiting = waiting || one->busy();
    }
    if (!waiting)
      return {};
    if (auto ok = wait_for_answers(answered); !ok)
      return ok;
  }
}

result<void> http_clients::wait_for_answers(const sink& answered) {
  std::vector<pollfd> watched;
  for (const auto& one : lines_)
    watched.push_back({one->busy() ? one->fd() : -1, POLLIN, 0});
  const auto ready = ::poll(watched.data(), watched.size(), patience_ms);
  if (ready == 0)
    return lost();
  // Interrupted: the caller's source says whether to go on.
  for (std::size_t i = 0; ready > 0 && i < lines_.size(); ++i) {
    if (watched[i].revents == 0)
      continue;
    auto came = lines_[i]->receive();
    if (!came)
      return tl::unexpected{came.error()};
    if (*came)
      answered(**came);
  }
  return {};
}

result<std::string> http_clients::call(const std::string& request) {
  std::string body;
  bool sent = false;
  auto done = exchange(
      [&]() -> std::optional<std::string> {
        if (std::exchange(sent, true))
          return std::nullopt;
        return request;
      },
      [&](const std::string& text) { body = text; });
  if (!done)
    return tl::unexpected{done.error()};
  return body;
}

} // namespace jobq::bench
