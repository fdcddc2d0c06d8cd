#include "tools/server.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <exception>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http.hpp>

#include "tools/socket_stream.hpp"
#include "tools/unix_socket.hpp"

namespace jobq {

namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using boost::beast::error_code;
using steady = std::chrono::steady_clock;

constexpr auto json_type = "application/json";
constexpr auto lines_type = "application/x-ndjson";

/// The answer to a request that could not be read; none when there is nobody to
/// answer to.
std::optional<api_response> refusal(const error_code& failed,
                                    std::size_t max_body) {
  if (failed == http::error::body_limit) {
    auto answer = to_response(
        {errc::invalid_argument,
         "the body is larger than " + std::to_string(max_body) + " bytes"});
    answer.status = 413;
    return answer;
  }
  if (failed == http::error::header_limit) {
    auto answer
        = to_response({errc::invalid_argument, "the header is too large"});
    answer.status = 431;
    return answer;
  }
  if (failed == http::error::end_of_stream
      || failed == http::error::partial_message)
    return std::nullopt;
  if (failed == asio::error::timed_out) {
    auto answer = to_response(
        {errc::invalid_argument, "the request took too long to arrive"});
    answer.status = 408;
    return answer;
  }
  if (failed.category()
      == http::make_error_code(http::error::bad_method).category())
    return to_response(
        {errc::invalid_argument, "malformed HTTP: " + failed.message()});
  return std::nullopt;
}

/// One client, from connect to close, on a thread of its own.
class connection {
public:
  connection(unique_fd socket, const server_options& options,
             const std::atomic<bool>& stopping)
      : socket_{std::move(socket)}, stream_{socket_.get()}, options_{options},
        stopping_{stopping}, user_{peer_user(socket_.get())} {
    stream_.write_patience(options_.request_timeout);
  }

  void serve() {
    while (!stopping_ && serve_one()) {
    }
    // Whatever was written is delivered; what the client still sends is not
    // wanted.
    ::shutdown(socket_.get(), SHUT_WR);
  }

  /// No further request is read; an answer in the making is still written.
  /// From any thread.
  void end_requests() { ::shutdown(socket_.get(), SHUT_RD); }

  /// Wakes the connection's thread wherever it waits for the client. From any
  /// thread.
  void interrupt() { ::shutdown(socket_.get(), SHUT_RDWR); }

private:
  using parser = http::request_parser<http::string_body>;

  /// @returns whether the connection stays open
  bool serve_one() {
    // An answer in the making is not interrupted by the idle timeout.
    if (buffer_.size() == 0
        && !wait_for(socket_.get(), POLLIN,
                     steady::now() + options_.idle_timeout))
      return false;
    stream_.read_until(steady::now() + options_.request_timeout);
    parser incoming;
    incoming.body_limit(options_.max_body);
    incoming.header_limit(16 * 1024);
    error_code failed;
    http::read_header(stream_, buffer_, incoming, failed);
    if (!failed && expects_continue(incoming))
      answer_continue(failed);
    if (!failed)
      http::read(stream_, buffer_, incoming, failed);
    if (failed) {
      if (const auto answer = refusal(failed, options_.max_body))
        write(*answer, false, 11, false);
      return false;
    }
    return answer(incoming.release());
  }

  static bool expects_continue(const parser& incoming) {
    return boost::beast::iequals(incoming.get()[http::field::expect],
                                 "100-continue")
           && !incoming.is_done();
  }

  bool answer(const http::request<http::string_body>& incoming) {
    const auto version = incoming.version();
    const bool keep = incoming.keep_alive() && !stopping_;
    const bool head = incoming.method() == http::verb::head;
    api_request request;
    request.method = std::string{incoming.method_string()};
    request.body = incoming.body();
    request.user = user_;
    const std::string_view target{incoming.target().data(),
                                  incoming.target().size()};
    if (const auto read = read_target(target, request); !read)
      return write(to_response(read.error()), keep, version, head);
    if (options_.service.is_stream(request))
      return answer_stream(request, version) && keep;
    return write(options_.service.handle(request), keep, version, head);
  }

  bool write(const api_response& answer, bool keep, unsigned version,
             bool head) {
    http::response<http::string_body> outgoing{
        static_cast<http::status>(answer.status), version};
    outgoing.set(http::field::server, "jobq");
    outgoing.set(http::field::content_type, json_type);
    outgoing.set(http::field::cache_control, "no-store");
    if (answer.status == 503)
      outgoing.set(http::field::retry_after, "1");
    outgoing.keep_alive(keep);
    outgoing.body() = answer.body + "\n";
    outgoing.prepare_payload();
    if (head)
      outgoing.body().clear();
    error_code failed;
    http::response_serializer<http::string_body> serializer{outgoing};
    if (head)
      http::write_header(stream_, serializer, failed);
    else
      http::write(stream_, serializer, failed);
    return !failed && keep;
  }

  /// Writes a stream's lines as chunks. The header waits for the stream's
  /// beginning, so that an error can still be an answer of its own.
  bool answer_stream(const api_request& request, unsigned version) {
    const bool chunked = version >= 11;
    bool begun = false;
    error_code failed;
    const auto sink = [&](const std::string& line) {
      if (!std::exchange(begun, true))
        write_stream_header(version, failed);
      if (!line.empty() && !failed)
        write_line(line, chunked, failed);
      return !failed;
    };
    const auto cancelled
        = [this] { return stopping_ || has_hung_up(socket_.get()); };
    const auto ended = options_.service.stream(request, sink, cancelled);
    if (!begun && !ended)
      return write(to_response(ended.error()), !stopping_, version, false);
    if (!begun)
      write_stream_header(version, failed);
    if (!failed && chunked)
      asio::write(stream_, http::make_chunk_last(), failed);
    return !failed && chunked;
  }

  void write_stream_header(unsigned version, error_code& failed) {
    http::response<http::empty_body> outgoing{http::status::ok, version};
    outgoing.set(http::field::server, "jobq");
    outgoing.set(http::field::content_type, lines_type);
    outgoing.set(http::field::cache_control, "no-store");
    if (version >= 11)
      outgoing.chunked(true);
    http::response_serializer<http::empty_body> serializer{outgoing};
    http::write_header(stream_, serializer, failed);
  }

  void write_line(const std::string& line, bool chunked, error_code& failed) {
    const auto text = line + "\n";
    if (chunked)
      asio::write(stream_, http::make_chunk(asio::buffer(text)), failed);
    else
      asio::write(stream_, asio::buffer(text), failed);
  }

  void answer_continue(error_code& failed) {
    constexpr std::string_view text = "HTTP/1.1 100 Continue\r\n\r\n";
    asio::write(stream_, asio::buffer(text.data(), text.size()), failed);
  }

  unique_fd socket_;
  socket_stream stream_;
  const server_options& options_;
  const std::atomic<bool>& stopping_;
  std::string user_;
  boost::beast::flat_buffer buffer_{64 * 1024};
};

/// Tells a client that there are too many, without waiting for its request.
void turn_away(const unique_fd& socket) {
  const auto body
      = to_response({errc::busy, "too many connections: try again in a second"})
            .body
        + "\n";
  const auto text = "HTTP/1.1 503 Service Unavailable\r\nServer: jobq\r\n"
                    "Content-Type: application/json\r\nRetry-After: 1\r\n"
                    "Connection: close\r\nContent-Length: "
                    + std::to_string(body.size()) + "\r\n\r\n" + body;
  (void)::send(socket.get(), text.data(), text.size(),
               MSG_DONTWAIT | MSG_NOSIGNAL);
  ::shutdown(socket.get(), SHUT_WR);
}

} // namespace

class server::impl {
public:
  impl(server_options options, unique_fd listener, unique_fd wake)
      : options_{std::move(options)}, file_{options_.socket},
        listener_{std::move(listener)}, wake_{std::move(wake)},
        acceptor_{[this] { accept_all(); }} {}

  ~impl() { stop(); }

  void stop() {
    const std::lock_guard once{stop_mutex_};
    if (!acceptor_.joinable())
      return;
    stopping_ = true;
    const std::uint64_t one = 1;
    (void)!::write(wake_.get(), &one, sizeof(one));
    acceptor_.join();
    file_.remove();
    listener_.reset();
    end_clients();
    for (auto& each : clients_)
      each.thread.join();
    clients_.clear();
  }

private:
  struct entry {
    std::unique_ptr<connection> client;
    std::atomic<bool> ended{false};
    std::thread thread;
  };

  void end_clients() {
    // Nobody accepts any more: the list stays as it is.
    for (auto& each : clients_)
      each.client->end_requests();
    std::unique_lock lock{ended_mutex_};
    ended_.wait_for(lock, options_.last_answers, [this] {
      return std::ranges::all_of(
          clients_, [](const auto& each) { return each.ended.load(); });
    });
    for (auto& each : clients_)
      each.client->interrupt();
  }

  void accept_all() {
    while (!stopping_) {
      pollfd watched[]
          = {{listener_.get(), POLLIN, 0}, {wake_.get(), POLLIN, 0}};
      if (::poll(watched, 2, -1) < 0 && errno != EINTR)
        break;
      if (stopping_)
        break;
      if ((watched[0].revents & POLLIN) != 0)
        accept_one();
    }
  }

  void accept_one() {
    unique_fd socket{
        ::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC)};
    reap();
    if (!socket) {
      // Out of descriptors or memory: the client waits in the backlog.
      if (errno != EINTR && errno != ECONNABORTED && errno != EAGAIN)
        wait_for(wake_.get(), POLLIN,
                 steady::now() + std::chrono::milliseconds{100});
      return;
    }
    const std::lock_guard lock{mutex_};
    if (clients_.size() >= options_.max_connections) {
      turn_away(socket);
      return;
    }
    try {
      auto& fresh = clients_.emplace_back();
      fresh.client = std::make_unique<connection>(std::move(socket), options_,
                                                  stopping_);
      fresh.thread = std::thread{[this, &fresh] { run(fresh); }};
    } catch (const std::exception& failed) {
      clients_.pop_back();
      options_.log(log_level::error,
                   std::string{"can't serve a connection: "} + failed.what());
    }
  }

  void run(entry& self) {
    try {
      self.client->serve();
    } catch (const std::exception& failed) {
      options_.log(log_level::error,
                   std::string{"a connection broke: "} + failed.what());
    }
    // The descriptor is closed by whoever reaps, so that `interrupt` never
    // meets a number that belongs to somebody else by then.
    self.client->interrupt();
    self.ended = true;
    {
      // Not the other mutex: who reaps holds it while this thread ends.
      const std::lock_guard lock{ended_mutex_};
    }
    ended_.notify_all();
  }

  /// Joins the threads of the connections that have ended.
  void reap() {
    const std::lock_guard lock{mutex_};
    for (auto at = clients_.begin(); at != clients_.end();) {
      if (!at->ended) {
        ++at;
        continue;
      }
      at->thread.join();
      at = clients_.erase(at);
    }
  }

  server_options options_;
  socket_file file_;
  unique_fd listener_;
  unique_fd wake_;
  std::atomic<bool> stopping_{false};
  std::mutex mutex_; ///< clients_
  std::mutex ended_mutex_;
  std::condition_variable ended_;
  std::mutex stop_mutex_;
  std::list<entry> clients_;
  std::thread acceptor_;
};

server::server(std::unique_ptr<impl> body) : impl_{std::move(body)} {}
server::~server() = default;

result<std::unique_ptr<server>> server::start(server_options options) {
  auto listener = listen_on(options.socket);
  if (!listener)
    return tl::unexpected(listener.error());
  unique_fd wake{::eventfd(0, EFD_CLOEXEC)};
  if (!wake)
    return fail(errc::io, "can't make an eventfd");
  try {
    return std::unique_ptr<server>{new server{std::make_unique<impl>(
        std::move(options), std::move(*listener), std::move(wake))}};
  } catch (const std::exception& failed) {
    return fail(errc::io,
                std::string{"can't start the server: "} + failed.what());
  }
}

void server::stop() {
  impl_->stop();
}

} // namespace jobq
