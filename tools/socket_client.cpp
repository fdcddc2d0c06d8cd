#include <cstdint>
#include <exception>
#include <memory>
#include <string>
#include <utility>

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

#include "tools/api/answer.hpp"
#include "tools/api/client.hpp"
#include "tools/socket_stream.hpp"
#include "tools/unix_socket.hpp"

namespace jobq {

namespace {

namespace http = boost::beast::http;
using boost::beast::error_code;

constexpr std::uint64_t largest_answer = std::uint64_t{1} << 30;

tl::unexpected<error> lost(const error_code& failed) {
  return fail(errc::unavailable,
              "the server did not answer: " + failed.message());
}

/// One request on one connection: simple, and a server that restarts between
/// two of them is none of our business.
class exchange {
public:
  static result<std::unique_ptr<exchange>>
  begin(const std::filesystem::path& socket, const api_request& request) {
    auto connected = connect_to(socket);
    if (!connected)
      return tl::unexpected(connected.error());
    auto made = std::make_unique<exchange>(std::move(*connected));
    made->send(request);
    return made;
  }

  explicit exchange(unique_fd socket)
      : socket_{std::move(socket)}, stream_{socket_.get()} {}

  result<std::string> answer() {
    http::response_parser<http::string_body> incoming;
    incoming.body_limit(largest_answer);
    error_code failed;
    http::read(stream_, buffer_, incoming, failed);
    if (failed)
      return lost(failed);
    return read_answer({static_cast<int>(incoming.get().result_int()),
                        std::move(incoming.get().body())});
  }

  result<void> lines(const line_sink& sink) {
    http::response_parser<http::string_body> incoming;
    incoming.body_limit(boost::none);
    error_code failed;
    http::read_header(stream_, buffer_, incoming, failed);
    if (failed)
      return lost(failed);
    if (incoming.get().result() != http::status::ok) {
      http::read(stream_, buffer_, incoming, failed);
      const auto read
          = read_answer({static_cast<int>(incoming.get().result_int()),
                         std::move(incoming.get().body())});
      return tl::unexpected(read ? error{errc::internal, "not a stream"}
                                 : read.error());
    }
    auto& text = incoming.get().body();
    while (true) {
      if (!hand_on(text, sink))
        return {};
      if (incoming.is_done())
        return {};
      http::read_some(stream_, buffer_, incoming, failed);
      if (failed)
        return fail(errc::unavailable,
                    "the server ended the stream: " + failed.message());
    }
  }

private:
  /// A server that refuses may have hung up before it read: then its answer is
  /// there all the same, so a failure here is not looked at.
  void send(const api_request& request) {
    http::request<http::string_body> outgoing{
        http::string_to_verb(request.method), to_target(request), 11};
    outgoing.set(http::field::host, "jobq");
    outgoing.set(http::field::connection, "close");
    if (!request.body.empty())
      outgoing.set(http::field::content_type, "application/json");
    outgoing.body() = request.body;
    outgoing.prepare_payload();
    error_code ignored;
    http::write(stream_, outgoing, ignored);
  }

  /// Hands whole lines to the sink and keeps the rest.
  static bool hand_on(std::string& text, const line_sink& sink) {
    std::size_t begin = 0;
    for (auto end = text.find('\n'); end != std::string::npos;
         end = text.find('\n', begin)) {
      if (end > begin && !sink(text.substr(begin, end - begin)))
        return false;
      begin = end + 1;
    }
    text.erase(0, begin);
    return true;
  }

  unique_fd socket_;
  socket_stream stream_;
  boost::beast::flat_buffer buffer_;
};

class socket_client final : public api_client {
public:
  explicit socket_client(std::filesystem::path socket)
      : socket_{std::move(socket)} {}

  result<std::string> call(const api_request& request) override {
    try {
      const auto begun = exchange::begin(socket_, request);
      if (!begun)
        return tl::unexpected(begun.error());
      return (*begun)->answer();
    } catch (const std::exception& failed) {
      return fail(errc::internal, failed.what());
    }
  }

  result<void> follow(const api_request& request,
                      const line_sink& sink) override {
    try {
      const auto begun = exchange::begin(socket_, request);
      if (!begun)
        return tl::unexpected(begun.error());
      return (*begun)->lines(sink);
    } catch (const std::exception& failed) {
      return fail(errc::internal, failed.what());
    }
  }

private:
  std::filesystem::path socket_;
};

} // namespace

result<std::unique_ptr<api_client>>
connect_to_server(const std::filesystem::path& socket) {
  // Whether somebody listens is the caller's question; each request then takes
  // a connection of its own.
  if (const auto probe = connect_to(socket); !probe)
    return tl::unexpected(probe.error());
  return std::make_unique<socket_client>(socket);
}

} // namespace jobq
